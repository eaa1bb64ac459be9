-- Grain: one row per origin, account and lag in days from the due date on which something changes: what is at risk (`change`),
-- paid and lost, what payment curves are made of (R30). Only what happened up to the origin counts. An open debt counts on the
-- days that it has lived through.
with origins as (
    select * from {{ ref('dim_forecast_origins') }}
),

-- Numbers stand for accounts: what follows groups by them.
accounts as (
    select
        account_id,
        coalesce(segment, '') as segment,
        cast(row_number() over (order by account_id) as integer) as account_number
    from {{ ref('dim_accounts') }}
),

stretches as (
    select stretches.*, accounts.account_number
    from {{ ref('fct_debt_stretches') }} as stretches
    inner join accounts on stretches.account_id = accounts.account_id
    where stretches.is_day_unknown is distinct from true
),

settings as (
    {{ forecast_settings() }}
),

-- A stretch as the origin sees it. Shares of the instalment, worth half for every half-life since issue; decimals,
-- because a sum of doubles depends on the order in which its parts come.
seen as (
    select
        origins.origin,
        stretches.account_number,
        cast({{ greatest_known(
            days_from('stretches.due_on', 'stretches.valid_from') ~ ' + 1', '-settings.earliest_days'
        ) }} as integer) as first_lag,
        cast({{ least_known(
            days_from('stretches.due_on', least_known('stretches.valid_to', 'origins.origin')),
            'settings.longest_days'
        ) }} as integer) as last_lag,
        cast({{ days_from('stretches.due_on', 'stretches.valid_to') }} as integer) as end_lag,
        stretches.valid_to <= origins.origin as is_ended,
        cast(stretches.open_amount / stretches.instalment_amount * power(
            0.5, {{ days_from('stretches.issued_on', 'origins.origin') }} / settings.half_life_days
        ) as decimal(18, 9)) as at_risk,
        cast(stretches.paid_amount / stretches.instalment_amount * power(
            0.5, {{ days_from('stretches.issued_on', 'origins.origin') }} / settings.half_life_days
        ) as decimal(18, 9)) as paid,
        cast(stretches.lost_amount / stretches.instalment_amount * power(
            0.5, {{ days_from('stretches.issued_on', 'origins.origin') }} / settings.half_life_days
        ) as decimal(18, 9)) as lost
    from stretches
    cross join settings
    inner join origins on stretches.valid_from < origins.origin
    where stretches.instalment_amount > 0
),

-- What is at risk on a lag enters on the first day that a debt could be paid and leaves after the last.
moves as (
    select origin, account_number, first_lag as lag_days, at_risk as change, 0 as paid, 0 as lost
    from seen
    where first_lag <= last_lag
    union all
    select origin, account_number, last_lag + 1, -at_risk, 0, 0
    from seen
    where first_lag <= last_lag
    union all
    select origin, account_number, end_lag, 0, paid, lost
    from seen
    where is_ended and first_lag <= end_lag and end_lag = last_lag
),

counts as (
    select origin, account_number, lag_days, sum(change) as change, sum(paid) as paid, sum(lost) as lost
    from moves
    group by origin, account_number, lag_days
)

select
    accounts.account_id,
    accounts.segment,
    counts.lag_days,
    counts.change,
    counts.paid,
    counts.lost,
    counts.origin
from counts
inner join accounts on counts.account_number = accounts.account_number
