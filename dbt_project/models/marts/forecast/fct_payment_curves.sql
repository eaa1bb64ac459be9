-- Grain: one row per origin, account that owes something then, and lag in days from the due date: of what is open of the
-- account's debts at `first lag`, the share still open after that lag and the share paid by then (R30). Only what happened
-- up to the origin counts. An open debt counts on the days that it has lived through.
with origins as (
    select * from {{ ref('dim_forecast_origins') }}
),

-- Numbers stand for accounts, and later for curves: what follows groups, sorts and joins by them.
accounts as (
    select
        account_id,
        coalesce(segment, '') as segment,
        cast(row_number() over (order by account_id) as integer) as account_number
    from {{ ref('dim_accounts') }}
),

stretches as (
    select stretches.*, accounts.account_number, accounts.segment
    from {{ ref('fct_debt_stretches') }} as stretches
    inner join accounts on stretches.account_id = accounts.account_id
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
),

-- The lags on which anybody paid by then, and the days before them.
grid as (
    select bounds.origin, cast(numbers.number as integer) - settings.earliest_days as lag_days, bounds.last_lag
    from (
        select origin, max(lag_days) as last_lag from counts where paid + lost > 0 group by origin
    ) as bounds
    cross join settings
    inner join range(10000) as numbers (number) on numbers.number <= bounds.last_lag + settings.earliest_days
),

company_counts as (
    select origin, lag_days, sum(change) as change, sum(paid) as paid, sum(lost) as lost
    from counts
    group by origin, lag_days
),

company_rates as (
    select
        origin,
        lag_days,
        {{ shrunk_rate('paid', 'at_risk', '0', '0', '0') }} as paid_rate,
        {{ shrunk_rate('lost', 'at_risk', '0', '0', '0') }} as lost_rate
    from (
        select
            grid.origin,
            grid.lag_days,
            cast(coalesce(company_counts.paid, 0) as double) as paid,
            cast(coalesce(company_counts.lost, 0) as double) as lost,
            cast(coalesce(
                sum(company_counts.change) over (partition by grid.origin order by grid.lag_days), 0
            ) as double) as at_risk
        from grid
        left join company_counts on grid.origin = company_counts.origin and grid.lag_days = company_counts.lag_days
    ) as company_totals
),

company_curve as (
    select *, {{ survival_of('origin') }} as survival from company_rates
),

company as (
    select *, {{ survival_before() }} as survival_before from company_curve
),

segment_counts as (
    select
        counts.origin,
        accounts.segment,
        counts.lag_days,
        sum(counts.change) as change,
        sum(counts.paid) as paid,
        sum(counts.lost) as lost
    from counts
    inner join accounts on counts.account_number = accounts.account_number
    group by counts.origin, accounts.segment, counts.lag_days
),

segment_rates as (
    select
        origin,
        segment,
        lag_days,
        {{ shrunk_rate('paid', 'at_risk', 'segment_weight', 'survival_before', 'company_paid_rate') }} as paid_rate,
        {{ shrunk_rate('lost', 'at_risk', 'segment_weight', 'survival_before', 'company_lost_rate') }} as lost_rate
    from (
        select
            wider.origin,
            known.segment,
            wider.lag_days,
            settings.segment_weight,
            wider.survival_before,
            wider.paid_rate as company_paid_rate,
            wider.lost_rate as company_lost_rate,
            cast(coalesce(own.paid, 0) as double) as paid,
            cast(coalesce(own.lost, 0) as double) as lost,
            cast(coalesce(
                sum(own.change) over (partition by wider.origin, known.segment order by wider.lag_days), 0
            ) as double) as at_risk
        from company as wider
        cross join settings
        inner join (select distinct origin, segment from segment_counts) as known on wider.origin = known.origin
        left join segment_counts as own
            on wider.origin = own.origin and known.segment = own.segment and wider.lag_days = own.lag_days
    ) as segment_totals
),

segment_curves as (
    select *, {{ survival_of('origin, segment') }} as survival from segment_rates
),

segments as (
    select *, {{ survival_before() }} as survival_before from segment_curves
),

-- An account's curve is wanted from the youngest of its open debts on: what they have lived through is certain.
owing as (
    select
        cast(row_number() over (order by origins.origin, stretches.account_id) as integer) as curve_number,
        origins.origin,
        stretches.account_id,
        stretches.account_number,
        stretches.segment,
        cast({{ greatest_known(
            'min(' ~ days_from('stretches.due_on', 'origins.origin') ~ ')', 'min(-settings.earliest_days - 1)'
        ) }} as integer) as lag_at_origin
    from stretches
    cross join settings
    inner join origins on stretches.valid_from <= origins.origin and stretches.valid_to > origins.origin
    group by origins.origin, stretches.account_id, stretches.account_number, stretches.segment
),

own_counts as (
    select
        owing.curve_number,
        {{ greatest_known('counts.lag_days', 'owing.lag_at_origin + 1') }} as lag_days,
        sum(counts.change) as change,
        sum(case when counts.lag_days > owing.lag_at_origin then counts.paid else 0 end) as paid,
        sum(case when counts.lag_days > owing.lag_at_origin then counts.lost else 0 end) as lost
    from owing
    inner join counts on owing.origin = counts.origin and owing.account_number = counts.account_number
    group by owing.curve_number, {{ greatest_known('counts.lag_days', 'owing.lag_at_origin + 1') }}
),

own_rates as (
    select
        curve_number,
        lag_days,
        {{ shrunk_rate('paid', 'at_risk', 'account_weight', 'survival_before', 'segment_paid_rate') }} as paid_rate,
        {{ shrunk_rate('lost', 'at_risk', 'account_weight', 'survival_before', 'segment_lost_rate') }} as lost_rate
    from (
        select
            owing.curve_number,
            wider.lag_days,
            settings.account_weight,
            wider.survival_before,
            wider.paid_rate as segment_paid_rate,
            wider.lost_rate as segment_lost_rate,
            cast(coalesce(own.paid, 0) as double) as paid,
            cast(coalesce(own.lost, 0) as double) as lost,
            cast(coalesce(
                sum(own.change) over (partition by owing.curve_number order by wider.lag_days), 0
            ) as double) as at_risk
        from owing
        cross join settings
        inner join segments as wider
            on owing.origin = wider.origin
            and owing.segment = wider.segment
            and wider.lag_days > owing.lag_at_origin
        left join own_counts as own
            on owing.curve_number = own.curve_number and wider.lag_days = own.lag_days
    ) as own_totals
    union all
    -- Where the curve begins, nothing has happened yet.
    select owing.curve_number, owing.lag_at_origin, 0, 0
    from owing
    inner join (select distinct origin, last_lag from grid) as bounds
        on owing.origin = bounds.origin and owing.lag_at_origin < bounds.last_lag
),

own_curves as (
    select *, {{ survival_of('curve_number') }} as survival from own_rates
),

final as (
    select
        owing.account_id,
        own_curves.curve_number,
        own_curves.lag_days,
        -- Twelve decimals are more than money needs and the same on every machine.
        round(own_curves.survival, 12) as survival,
        round(sum({{ survival_before() }} * own_curves.paid_rate) over (
            partition by own_curves.curve_number order by own_curves.lag_days
        ), 12) as paid,
        owing.origin
    from own_curves
    inner join owing on own_curves.curve_number = owing.curve_number
)

select * from final
