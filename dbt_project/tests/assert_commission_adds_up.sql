-- The ledgers of commission are what they are made of: accrued is the deal's worth by rate and share; payable and clawed back
-- together are what its cash has earned in the end, never less than nothing; shares of a deal are one; a closed month sums to
-- what was closed, and what stands elsewhere instead takes nothing away from the whole; what a deal's lines have made payable and
-- what waits on cash are together the commission of all that is left of its invoices.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_commission'}}}) }}

with lines as (
    select * from {{ ref('rpt_commission') }}
),

deals as (
    select * from {{ ref('fct_commission_deals') }}
),

cash as (
    select deal_id, {{ last_by('earned', 'step') }} as earned
    from {{ ref('fct_deal_cash') }}
    group by deal_id
),

ledgers as (
    select
        deal_id,
        employee_id,
        sum(amount) filter (where ledger = 'accrued') as accrued,
        coalesce(sum(amount) filter (where ledger <> 'accrued'), 0) as paid,
        count(*) filter (where ledger <> 'accrued' and cash_application_id is null) as lines_without_cash,
        sum(missing_rate_count) as missing_rate_count
    from lines
    where deal_id is not null
    group by deal_id, employee_id
),

shares as (
    select deal_id, sum(share) as shares from deals group by deal_id
),

closed as (
    select
        {{ month_of('closings.month') }} as month,
        closings.employee_id,
        closings.ledger,
        sum(closings.amount) as amount
    from {{ ref('stg_lists__commission_closings') }} as closings
    cross join {{ ref('int_run_dated') }} as run
    where closings.closed_on <= run.as_of_date and {{ month_end_of('closings.month') }} <= run.as_of_date
    group by {{ month_of('closings.month') }}, closings.employee_id, closings.ledger
),

deal_sums as (
    select
        told.deal_id,
        told.employee_id,
        told.payable,
        ledgers.paid,
        told.waiting,
        cast(told.billed_amount as double) * told.rate * told.share as expected
    from {{ ref('rpt_commission_deals') }} as told
    left join ledgers on told.deal_id = ledgers.deal_id and told.employee_id = ledgers.employee_id
),

posted as (
    select month, employee_id, ledger, sum(amount) as amount from lines group by month, employee_id, ledger
)

select deals.deal_id as wrong, deals.employee_id, ledgers.accrued as said, cast(deals.won_amount as double) * deals.rate * deals.share as expected
from deals
inner join shares on deals.deal_id = shares.deal_id
left join ledgers on deals.deal_id = ledgers.deal_id and deals.employee_id = ledgers.employee_id
left join cash on deals.deal_id = cash.deal_id
where shares.shares <> 1
    or ledgers.deal_id is null
    or abs(ledgers.accrued - cast(deals.won_amount as double) * deals.rate * deals.share) > 0.0051
    or (
        ledgers.missing_rate_count = 0
        and abs(ledgers.paid - cast(coalesce(cash.earned, 0) as double) * deals.rate * deals.share) > 0.0051
    )
    or ledgers.paid < 0
    or ledgers.lines_without_cash > 0
union all
select cast(closed.month as varchar), closed.employee_id, posted.amount, closed.amount
from closed
left join posted on closed.month = posted.month and closed.employee_id = posted.employee_id and closed.ledger = posted.ledger
where coalesce(posted.amount, 0) <> closed.amount
union all
select closed_month, employee_id, sum(amount), 0
from (select cast(closed_month as varchar) as closed_month, employee_id, ledger, amount from lines where closed_month is not null)
    as restated
group by closed_month, employee_id, ledger
having sum(amount) <> 0
union all
select deal_id, employee_id, coalesce(payable, 0) + coalesce(waiting, 0), expected
from deal_sums
where payable <> paid or waiting < 0 or abs(payable + waiting - expected) > 0.0051
