-- Grain: one row per line of a person's commission (P21, N13): what a won deal accrued, what cash made payable, what was clawed
-- back; and, of a month that is closed, what brings it to what was closed and is told in a later month instead.
with run as (
    select * from {{ ref('int_run_dated') }}
),

lines as (
    select * from {{ ref('fct_commission_lines') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
)

select
    lines.line_id,
    lines.deal_id,
    lines.employee_id,
    lines.ledger,
    lines.event_type,
    employees.full_name as employee_name,
    employees.team,
    lines.account_id,
    accounts.account_name,
    lines.deal_name,
    lines.occurred_on,
    {{ month_of('lines.occurred_on') }} as month,
    run.base_currency,
    lines.base_amount,
    lines.share,
    lines.rate,
    lines.amount,
    case when lines.amount is null then 1 else 0 end as missing_rate_count,
    case when lines.is_closed then 0 else 1 end as unclosed_count,
    lines.cash_application_id,
    concat_ws(' ', lines.plan, cast(lines.plan_valid_from as varchar)) as plan_version,
    lines.closed_month,
    lines._file,
    lines._row
from lines
cross join run
left join employees on lines.employee_id = employees.employee_id
left join {{ ref('dim_accounts') }} as accounts on lines.account_id = accounts.account_id
