-- No row of billing is lost on its way to the ledger: an application or adjustment is posted or stands in
-- fct_receivable_exceptions, a received payment is cash, and a document is a fact.
{{ config(meta={'dagster': {'ref': {'name': 'fct_receivable_exceptions'}}}) }}

with applied as (
    select linked.line_id, linked.in_place_of
    from {{ ref('int_applications_linked') }} as linked
    left join {{ ref('fct_receivable_exceptions') }} as told
        on told.entity = 'applications' and linked.application_id = told.row_id
    where not linked.is_taken_back and (linked.issue is null or told.row_id is not null)
),

-- What a payment's credit notes paid stands in place of its own line.
lines as (
    select line_id from applied
    union
    select in_place_of from applied where in_place_of is not null
),

counted as (
    select
        'applications' as entity,
        (select count(*) from {{ ref('stg_billing__applications') }}) as landed,
        (select count(*) from lines) as found
    union all
    select
        'posted applications',
        (select count(*) from {{ ref('int_applications_linked') }} where issue is null)
        + (select count(*) from {{ ref('int_applications_assumed') }}),
        (
            select count(*)
            from {{ ref('fct_receivable_events') }}
            where movement_kind in ('payment', 'credit_note')
        )
    union all
    select
        'adjustments',
        (select count(*) from {{ ref('stg_billing__adjustments') }}),
        (select count(distinct adjustment_id) from {{ ref('int_adjustments_posted') }})
    union all
    select
        'payments',
        (select count(*) from {{ ref('stg_billing__payments') }}),
        (select count(*) from {{ ref('fct_unapplied_credits') }} where movement_kind = 'payment')
        + (select count(*) from {{ ref('fct_receivable_exceptions') }} where entity = 'payments')
    union all
    select
        'documents',
        (select count(*) from {{ ref('stg_billing__invoices') }})
        + (select count(*) from {{ ref('stg_billing__opening_balances') }}),
        (select count(*) from {{ ref('fct_invoices') }})
)

select * from counted where landed <> found
