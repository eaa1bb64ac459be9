-- No row of billing is lost on its way to the ledger: an application or adjustment is posted or stands in
-- fct_receivable_exceptions, a received payment is cash, and a document is a fact.
{{ config(meta={'dagster': {'ref': {'name': 'fct_receivable_exceptions'}}}) }}

with counted as (
    select
        'applications' as entity,
        (select count(*) from {{ ref('stg_billing__applications') }}) as landed,
        (select count(*) from {{ ref('int_applications_linked') }} where issue is null and not is_taken_back)
        + (
            select count(*)
            from {{ ref('fct_receivable_exceptions') }}
            where entity = 'applications'
                and row_id not in (select application_id from {{ ref('int_applications_linked') }} where issue is null)
        ) as found
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
