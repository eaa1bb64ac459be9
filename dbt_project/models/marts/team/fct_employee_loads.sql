-- Grain: one row per employee and month: how many accounts the employee leads, and what may suffer from too many (P19, D1, N10):
-- response to missed calls (A22), days of sales outstanding (R7) and lost accounts (C26). What belongs to nobody stands
-- under 'unassigned'. Accounts, balances and sales are of who owns the account at the month's end; a lost account is of who
-- owned it the month before; a missed call is of the agent who missed it, and of the account's owner where none is named.
with run as (
    select
        *,
        cast({{ parameter('dso_window_days') }} as integer) as window_days
    from {{ ref('int_run_dated') }}
),

account_months as (
    select *, coalesce(owner_id, 'unassigned') as employee_id from {{ ref('fct_account_months') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }} where sales_amount <> 0
),

bands as (
    select * from {{ ref('load_bands') }}
),

-- What an employee's months are made of has been told in full up to this day.
feeds as (
    {{ told_until('invoices', 'deals', 'calls') }}
),

led as (
    select
        employee_id,
        month,
        count(*) filter (where status = 'active') as accounts,
        sum(open_amount_end) as open_amount,
        sum(unknown_open_amount_end) as unknown_open_amount
    from account_months
    group by employee_id, month
),

month_ends as (
    select led_months.month, {{ least_known(month_end_of('led_months.month'), 'run.as_of_date') }} as month_end
    from (select distinct month from led) as led_months
    cross join run
),

sold as (
    select
        account_months.employee_id,
        account_months.month,
        sum(invoices.sales_amount_base) as sales_amount,
        count(*) - count(invoices.sales_amount_base) as unrated_sales
    from account_months
    cross join run
    inner join month_ends on account_months.month = month_ends.month
    inner join invoices
        on account_months.account_id = invoices.account_id
        and invoices.issued_on <= month_ends.month_end
        and invoices.issued_on > {{ plus_days('month_ends.month_end', '-run.window_days') }}
    group by account_months.employee_id, account_months.month
),

begun as (
    select min(issued_on) as first_day from invoices
),

-- Of each account the month before.
followed as (
    select
        account_id,
        employee_id,
        status,
        lead(month) over (partition by account_id order by month) as month_after,
        lead(status) over (partition by account_id order by month) as status_after
    from account_months
),

kept as (
    select
        employee_id,
        month_after as month,
        count(*) as opening_accounts,
        count(*) filter (where coalesce(status_after, '') <> 'active') as lost_accounts
    from followed
    where status = 'active' and month_after is not null
    group by employee_id, month_after
),

missed as (
    select
        coalesce(cases.employee_id, account_months.employee_id, 'unassigned') as employee_id,
        {{ month_of('cases.started_on') }} as month,
        count(*) filter (where cases.is_handled is not null) as decided_missed,
        {{ censored_median('cases.callback_minutes', 'cases.is_handled is not null') }} as response_minutes_median
    from {{ ref('fct_missed_calls') }} as cases
    left join account_months
        on cases.account_id = account_months.account_id and {{ month_of('cases.started_on') }} = account_months.month
    group by 1, 2
),

-- The band of the employee's role and grade, whose words may have others about them; a band without a grade is for every
-- grade of the role.
banded as (
    select employees.employee_id, bands.min_accounts, bands.max_accounts
    from {{ ref('dim_employees') }} as employees
    inner join bands
        on lower(trim(employees.role_profile)) = bands.role_profile
        and {{ is_of_grade('employees.grade', 'bands.grade') }}
    qualify row_number() over (
        partition by employees.employee_id order by case when bands.grade is null then 1 else 0 end, bands.grade
    ) = 1
),

keys as (
    select employee_id, month from led
    union
    select employee_id, month from kept
    union
    select employee_id, month from missed
    union
    -- Who leads nobody is below the band.
    select banded.employee_id, led.month from banded cross join (select distinct month from led) as led
),

joined as (
    select
        keys.employee_id,
        keys.month,
        coalesce(led.accounts, 0) as accounts,
        banded.min_accounts,
        banded.max_accounts,
        coalesce(kept.opening_accounts, 0) as opening_accounts,
        coalesce(kept.lost_accounts, 0) as lost_accounts,
        coalesce(missed.decided_missed, 0) as decided_missed,
        missed.response_minutes_median,
        case
            when led.unknown_open_amount = 0 and coalesce(sold.unrated_sales, 0) = 0 and sold.sales_amount > 0
                and begun.first_day <= {{ plus_days(
                    plus_days(least_known(month_end_of('keys.month'), 'run.as_of_date'), '-run.window_days'), 1
                ) }}
                then {{ ratio('led.open_amount', 'sold.sales_amount') }} * run.window_days
        end as dso_days,
        {{ is_told(month_end_of('keys.month'), 'feeds') }} as is_complete
    from keys
    cross join run
    cross join begun
    cross join feeds
    left join led on keys.employee_id = led.employee_id and keys.month = led.month
    left join sold on keys.employee_id = sold.employee_id and keys.month = sold.month
    left join kept on keys.employee_id = kept.employee_id and keys.month = kept.month
    left join missed on keys.employee_id = missed.employee_id and keys.month = missed.month
    left join banded on keys.employee_id = banded.employee_id
)

select
    employee_id,
    month,
    cast(accounts as bigint) as accounts,
    case
        when min_accounts is null then null
        when accounts < min_accounts then 'below'
        when accounts > max_accounts then 'above'
        else 'within'
    end as load_band,
    cast(opening_accounts as bigint) as opening_accounts,
    cast(lost_accounts as bigint) as lost_accounts,
    cast(decided_missed as bigint) as decided_missed,
    response_minutes_median,
    dso_days,
    is_complete
from joined
