-- Grain: one row per missed case up to the as-of date.
with cases as (
    select * from {{ ref('fct_missed_calls') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

balances as (
    select balances.*
    from {{ ref('fct_account_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
)

select
    cases.case_id,
    cases.account_id,
    cases.employee_id,
    cases.handled_by_id,
    accounts.account_name,
    coalesce(employees.full_name, cases.agent_name) as agent_name,
    {{ masked_phone('cases.client_digits') }} as caller_number_masked,
    case
        when not cases.is_number_known then 'number_withheld'
        when cases.is_handled then 'handled'
        when cases.handled_conversation_id is not null then 'handled_late'
        when cases.is_handled is null then 'open'
        else 'not_handled'
    end as state,
    coalesce(handlers.full_name, cases.handled_by) as handled_by,
    run.base_currency,
    cast(cases.misses as integer) as misses,
    cases.callback_minutes,
    cases.callback_minutes_plain,
    {{ money_sum(
        'case when cases.account_id is not null and balances.account_id is null then 0 else balances.overdue_amount end'
    ) }} as overdue_amount,
    cast(coalesce(balances.unknown_overdue_count, 0) as integer) as missing_rate_count,
    cases.started_at,
    cases.handled_at,
    run.as_of_date,
    cases._file,
    cases._row
from cases
cross join run
left join accounts on cases.account_id = accounts.account_id
left join balances on cases.account_id = balances.account_id
left join employees on cases.employee_id = employees.employee_id
left join employees as handlers on cases.handled_by_id = handlers.employee_id
