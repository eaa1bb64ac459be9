-- Grain: one row per origin, segment and lag in days from the due date: of the segment's debts the share still open after
-- that lag and the share paid by it, the segment shrunk to the company (R30). The row before the first lag is where nothing has
-- happened yet.
with counts as (
    select * from {{ ref('fct_lag_counts') }}
),

settings as (
    {{ forecast_settings() }}
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
    select origin, segment, lag_days, sum(change) as change, sum(paid) as paid, sum(lost) as lost
    from counts
    group by origin, segment, lag_days
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

-- Where hardly anybody is left, an account of which nobody is at risk has no curve to follow any more.
final as (
    select
        origin,
        segment,
        lag_days,
        survival,
        sum({{ survival_before() }} * paid_rate) over (partition by origin, segment order by lag_days) as paid,
        settings.account_weight * {{ survival_before() }} > 0.000001 as is_followed
    from segment_curves
    cross join settings
)

select
    segment,
    lag_days,
    survival,
    paid,
    coalesce(min(survival) filter (where is_followed) over upto, 1) as followed_survival,
    coalesce(max(paid) filter (where is_followed) over upto, 0) as followed_paid,
    origin
from final
window upto as (partition by origin, segment order by lag_days)
union all
select distinct segments.segment, -settings.earliest_days - 1, 1, 0, 1, 0, segments.origin
from segment_curves as segments
cross join settings
