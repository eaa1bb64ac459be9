-- Grain: one row per contract, addendum or ended subscription with its last day (C12): the renewals calendar.
with run as (
    select * from {{ ref('int_run_dated') }}
),

settings as (
    select
        {%- for name in ['first', 'second', 'last'] %}
        cast({{ parameter('renewal_' ~ name ~ '_days') }} as integer) as {{ name }}_days{{ ',' if not loop.last }}
        {%- endfor %}
),

windowed as (
    select
        renewals.*,
        case
            when renewals.state in ('renewed', 'lapsed') then null
            when renewals.ends_on < run.as_of_date then 'past'
            when {{ days_from('run.as_of_date', 'renewals.ends_on') }} <= settings.last_days then 'last'
            when {{ days_from('run.as_of_date', 'renewals.ends_on') }} <= settings.second_days then 'second'
            when {{ days_from('run.as_of_date', 'renewals.ends_on') }} <= settings.first_days then 'first'
            else 'later'
        end as renewal_window
    from {{ ref('fct_renewals') }} as renewals
    cross join run
    cross join settings
),

-- The first of an account's terms that are up for renewal stands for what the account brings.
renewals as (
    select
        *,
        renewal_window <> 'later' and row_number() over (
            partition by account_id, renewal_window <> 'later' order by ends_on, term_id
        ) = 1 as is_first_up
    from windowed
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name from {{ ref('dim_employees') }}
),

states as (
    select account_id, last_contact_on, days_silent, status from {{ ref('fct_account_states') }}
),

health as (
    select account_id, score, band from {{ ref('fct_account_health') }} where is_newest
),

balances as (
    select balances.*
    from {{ ref('fct_account_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
),

rates as (
    select rates.currency, rates.rate
    from {{ ref('int_fx_rates_dated') }} as rates
    inner join run on rates.rate_date = run.as_of_date
)

select
    renewals.term_id,
    renewals.account_id,
    accounts.account_name,
    accounts.owner_id,
    employees.full_name as owner_name,
    renewals.term_kind,
    renewals.term_number,
    renewals.state,
    renewals.renewal_window,
    run.base_currency,
    renewals.revenue_12m,
    case when renewals.is_first_up then renewals.revenue_12m end as revenue_at_renewal,
    {{ money("case when renewals.term_kind = 'subscription' then renewals.amount * rates.rate end") }} as monthly_amount,
    {{ money('case when balances.account_id is null then 0 else balances.open_amount end') }} as open_amount,
    {{ money('case when balances.account_id is null then 0 else balances.overdue_amount end') }} as overdue_amount,
    cast(
        renewals.missing_rate_count + coalesce(balances.unknown_open_count, 0)
        + case when renewals.term_kind = 'subscription' and renewals.amount is not null and rates.rate is null
            then 1 else 0 end as bigint
    ) as missing_rate_count,
    cast({{ days_from('run.as_of_date', 'renewals.ends_on') }} as bigint) as days_to_end,
    cast(states.days_silent as bigint) as days_since_contact,
    cast(health.score as double) as health_score,
    health.band as health_band,
    states.status as account_status,
    renewals.is_renewed,
    renewals.is_signed,
    renewals.starts_on,
    renewals.ends_on,
    renewals.renewed_from,
    states.last_contact_on,
    run.as_of_date,
    renewals._source,
    renewals._file,
    renewals._file_sha256,
    renewals._row
from renewals
cross join run
left join accounts on renewals.account_id = accounts.account_id
left join employees on accounts.owner_id = employees.employee_id
left join states on renewals.account_id = states.account_id
left join health on renewals.account_id = health.account_id
left join balances on renewals.account_id = balances.account_id
left join rates on renewals.currency = rates.currency
