-- Grain: one row per account, rhythm (contact: two-way contacts, invoice: invoicing) and week on which it had one: the last
-- day of that week with one, and the account's own gap by then, the median of its last health_rhythm_gaps gaps. From
-- three days on: one gap alone is no habit. Nothing later counts, so that any past week can be looked at as it was.
with invoice_days as (
    select distinct invoices.account_id, invoices.issued_on as day
    from {{ ref('fct_invoices') }} as invoices
    where invoices.issued_on is not null
        and invoices.document_kind in ('invoice', 'debit_note', 'prepayment')
        and not invoices.is_void and not invoices.is_draft and invoices.account_id is not null
),

contact_days as (
    select distinct account_id, occurred_on as day
    from {{ ref('fct_two_way_contacts') }}
),

days as (
    select 'contact' as rhythm, numbered.* from ({{ rhythm_days('contact_days') }}) as numbered
    union all
    select 'invoice', numbered.* from ({{ rhythm_days('invoice_days') }}) as numbered
),

-- A frame slides along an account's days: joined with the gaps that it looks back on, each day would stand many times.
habits as (
    select
        days.*,
        cast(median(days.gap_days) over (
            partition by days.rhythm, days.account_id
            order by days.place rows between settings.gaps_before preceding and current row
        ) as double) as usual_gap_days
    from days
    cross join (select cast({{ parameter('health_rhythm_gaps') }} as bigint) - 1 as gaps_before) as settings
)

select
    account_id,
    rhythm,
    week_number,
    case when place >= 3 then usual_gap_days end as gap_days,
    place as days,
    day as last_on
from habits
qualify row_number() over (partition by rhythm, account_id, week_number order by day desc) = 1
