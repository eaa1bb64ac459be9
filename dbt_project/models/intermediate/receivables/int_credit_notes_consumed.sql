-- Grain: one row per credit note that was used up, in full or in part, without an application that says where.
-- Its export says when it was settled, or what is left of it. The invoices that it lowered then look paid by as much,
-- which fct_payments takes back: a credit note is no cash.
with run as (
    select * from {{ ref('int_run_dated') }}
),

asked as (
    select as_of_date as asked_date from {{ source('raw', 'run') }}
),

credit_notes as (
    select * from {{ ref('int_billing_documents') }} where is_credit and not is_void
),

applied as (
    select distinct credit_note_id from {{ ref('int_applications_linked') }} where issue is null
),

systems as (
    select distinct _system from {{ ref('stg_billing__payments') }}
    union
    select distinct _system from {{ ref('stg_billing__applications') }}
),

known as (
    select
        credit_notes.*,
        {{ business_date('credit_notes._known_at', 'run.business_timezone') }} as known_on,
        systems._system is null and credit_notes.settled_on is null as is_balance_only,
        asked.asked_date,
        run.as_of_date
    from credit_notes
    cross join run
    cross join asked
    left join applied on credit_notes.invoice_id = applied.credit_note_id
    left join systems on credit_notes._system = systems._system
    where applied.credit_note_id is null
),

final as (
    select
        invoice_id as credit_note_id,
        customer_id,
        account_id,
        currency,
        case when is_balance_only then 'balance_only' else 'settled_date' end as allocation,
        {{ money('gross_amount - case when is_balance_only then reported_balance else 0 end') }} as amount,
        greatest(
            issued_on,
            case
                when not is_balance_only then settled_on
                when asked_date is null then least(known_on, as_of_date)
                else known_on
            end
        ) as event_date,
        _system,
        _source,
        _file,
        _file_sha256,
        _row,
        _known_at
    from known
    where settled_on is not null or (is_balance_only and reported_balance < gross_amount)
)

select * from final
