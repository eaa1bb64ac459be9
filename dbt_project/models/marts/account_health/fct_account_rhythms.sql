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

week_days as (
    select *
    from days
    qualify row_number() over (partition by rhythm, account_id, week_number order by day desc) = 1
),

-- Each week's last day looks back on so many gaps: joined as equal places, so that the work grows with the days alone.
places as (
    select cast(tens.n * 5 + ones.n as bigint) as back
    from (values (0), (1), (2), (3)) as tens (n)
    cross join (values (0), (1), (2), (3), (4)) as ones (n)
    where tens.n * 5 + ones.n < {{ parameter('health_rhythm_gaps') }}
),

ranks as (
    select week_days.rhythm, week_days.account_id, week_days.week_number, week_days.place - places.back as place
    from week_days
    cross join places
    where week_days.place - places.back >= 2 and week_days.place >= 3
),

gaps as (
    select ranks.rhythm, ranks.account_id, ranks.week_number, cast(median(days.gap_days) as double) as gap_days
    from ranks
    inner join days
        on ranks.rhythm = days.rhythm and ranks.account_id = days.account_id and ranks.place = days.place
    group by ranks.rhythm, ranks.account_id, ranks.week_number
)

select
    week_days.account_id,
    week_days.rhythm,
    week_days.week_number,
    gaps.gap_days,
    week_days.place as days,
    week_days.day as last_on
from week_days
left join gaps
    on week_days.rhythm = gaps.rhythm
    and week_days.account_id = gaps.account_id
    and week_days.week_number = gaps.week_number
