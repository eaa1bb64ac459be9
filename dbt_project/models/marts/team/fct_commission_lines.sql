-- Grain: one row per line of a person's commission (P21): accrued when a deal was won, payable as cash was applied to its invoices,
-- clawed back as credit notes, refunds, chargebacks and write-offs took that away. Each line is the difference that an event
-- makes to the whole, to the cent, so that lines add up to what is owed. Of a month that is closed the lines stand as they are
-- known now, with one beside them that brings the ledger to what was closed, and its counterpart in the first month after that
-- is not closed.
with run as (
    select * from {{ ref('int_run_dated') }}
),

deals as (
    select * from {{ ref('fct_commission_deals') }}
),

cash as (
    select * from {{ ref('fct_deal_cash') }}
),

owed as (
    select
        deals.*,
        cash.event_id,
        cash.event_type,
        cash.occurred_on,
        cash.step,
        cash.earned,
        cash._source as event_source,
        cash._file as event_file,
        cash._file_sha256 as event_file_sha256,
        cash._row as event_row,
        cast(cast(cash.earned as decimal(26, 4)) * deals.rate * deals.share as decimal(18, 2)) as owed
    from deals
    inner join cash on deals.deal_id = cash.deal_id
),

steps as (
    select
        *,
        earned - lag(earned, 1, 0) over deal as base_amount,
        owed - lag(owed, 1, 0) over deal as amount
    from owed
    window deal as (partition by deal_id, employee_id order by step)
),

lines as (
    select
        'won' as event_type,
        'accrued' as ledger,
        deal_id,
        employee_id,
        account_id,
        deal_name,
        cast(null as varchar) as cash_application_id,
        plan,
        plan_valid_from,
        share,
        rate,
        won_on as occurred_on,
        cast(won_amount as decimal(18, 4)) as base_amount,
        cast(cast(won_amount as decimal(26, 4)) * rate * share as decimal(18, 2)) as amount,
        _source,
        _file,
        _file_sha256,
        _row
    from deals
    union all
    select
        event_type,
        case when amount < 0 then 'clawed_back' else 'payable' end,
        deal_id,
        employee_id,
        account_id,
        deal_name,
        event_id,
        plan,
        plan_valid_from,
        share,
        rate,
        occurred_on,
        cast(base_amount as decimal(18, 4)),
        cast(amount as decimal(18, 2)),
        event_source,
        event_file,
        event_file_sha256,
        event_row
    from steps
    -- An event of which nobody knows what it earns is told too, so that its month is not known either.
    where amount <> 0 or amount is null
),

closed as (
    select
        {{ month_of('closings.month') }} as month,
        closings.employee_id,
        closings.ledger,
        sum(closings.amount) as amount,
        max(closings.closed_on) as closed_on,
        {{ first_by('closings._source', 'closings._row') }} as _source,
        {{ first_by('closings._file', 'closings._row') }} as _file,
        {{ first_by('closings._file_sha256', 'closings._row') }} as _file_sha256,
        min(closings._row) as _row
    from {{ ref('stg_lists__commission_closings') }} as closings
    cross join run
    where run.as_of_date >= closings.closed_on and {{ month_end_of('closings.month') }} <= run.as_of_date
    group by {{ month_of('closings.month') }}, closings.employee_id, closings.ledger
),

made as (
    select employee_id, ledger, {{ month_of('occurred_on') }} as month, sum(amount) as amount
    from lines
    group by employee_id, ledger, {{ month_of('occurred_on') }}
),

-- The month after the last one that is closed: where what came to light since stands.
following as (
    select employee_id, ledger, {{ plus_months('max(month)', 1) }} as month
    from closed
    group by employee_id, ledger
),

restated as (
    select
        closed.*,
        closed.amount - coalesce(made.amount, 0) as difference,
        following.month as restated_in
    from closed
    inner join following on closed.employee_id = following.employee_id and closed.ledger = following.ledger
    left join made
        on closed.employee_id = made.employee_id and closed.ledger = made.ledger and closed.month = made.month
    where closed.amount <> coalesce(made.amount, 0)
),

restatements as (
    select *, 'closed' as event_type, {{ month_end_of('month') }} as occurred_on, difference as line_amount
    from restated
    union all
    select *, 'restated', restated_in, -difference
    from restated
)

select
    concat_ws(' ', lines.ledger, lines.deal_id, lines.employee_id, lines.cash_application_id) as line_id,
    lines.event_type,
    lines.ledger,
    lines.deal_id,
    lines.employee_id,
    lines.account_id,
    lines.deal_name,
    lines.cash_application_id,
    lines.plan,
    lines.plan_valid_from,
    lines.share,
    lines.rate,
    lines.occurred_on,
    lines.base_amount,
    lines.amount,
    closed.month is not null as is_closed,
    cast(null as date) as closed_month,
    lines._source,
    lines._file,
    lines._file_sha256,
    lines._row
from lines
left join closed
    on lines.employee_id = closed.employee_id
    and lines.ledger = closed.ledger
    and {{ month_of('lines.occurred_on') }} = closed.month
union all
select
    concat_ws(' ', event_type, ledger, employee_id, cast(month as varchar)),
    event_type,
    ledger,
    cast(null as varchar),
    employee_id,
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as date),
    cast(null as decimal(9, 6)),
    cast(null as decimal(9, 6)),
    occurred_on,
    cast(null as decimal(18, 4)),
    cast(line_amount as decimal(18, 2)),
    event_type = 'closed',
    month,
    _source,
    _file,
    _file_sha256,
    _row
from restatements
