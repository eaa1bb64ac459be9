-- Grain: one row per measure of quality and load band (below, within and above the band of role and grade, and `all` with those
-- who have none): how the months of employees who lead so many accounts went, over the effort_window_months complete months
-- up to the as-of date (N10). In the row of all, whether the measure rises with the accounts: Spearman's rank correlation
-- with Fisher's interval. Each measure is worse the higher it is. A month whose middle wait never ended is the worst of all: it has
-- its rank, and a mean that it is part of is not known. People differ in more than their load: not causal.
with run as (
    select
        *,
        cast({{ parameter('team_least_periods') }} as integer) as least_months,
        cast({{ parameter('confidence_z') }} as double) as z
    from {{ ref('int_run_dated') }}
),

loads as (
    select loads.*
    from {{ ref('fct_employee_loads') }} as loads
    cross join run
    where loads.is_complete and loads.accounts > 0 and loads.employee_id <> 'unassigned'
        and loads.month > {{ plus_months('run.as_of_date', '-1 - ' ~ parameter('effort_window_months')) }}
),

measured as (
    {%- for measure, value in {
        'response_minutes': 'response_minutes_median',
        'dso_days': 'dso_days',
        'lost_share': ratio('lost_accounts', 'opening_accounts'),
    }.items() %}
    select
        '{{ measure }}' as measure,
        employee_id,
        month,
        accounts,
        load_band,
        cast({{ value }} as decimal(18, 6)) as value,
        {{ 'response_minutes_median is null and decided_missed > 0' if measure == 'response_minutes' else 'false' }}
            as is_endless
    from loads
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

known as (
    select * from measured where value is not null or is_endless
),

-- Twice the mean rank of equal values: whole numbers, whose sums depend on no order.
ranked as (
    select
        measure,
        2 * rank() over (partition by measure order by accounts) + count(*) over (partition by measure, accounts) - 1
            as load_rank,
        2 * rank() over (partition by measure order by is_endless, value)
        + count(*) over (partition by measure, is_endless, value) - 1 as value_rank
    from known
),

rank_sums as (
    select
        measure,
        cast(count(*) as double) as months,
        cast(count(*) * sum(load_rank * value_rank) - sum(load_rank) * sum(value_rank) as double) as joint,
        cast(count(*) * sum(load_rank * load_rank) - sum(load_rank) * sum(load_rank) as double) as load_spread,
        cast(count(*) * sum(value_rank * value_rank) - sum(value_rank) * sum(value_rank) as double) as value_spread
    from ranked
    group by measure
),

correlated as (
    select
        rank_sums.measure,
        case
            when rank_sums.months >= run.least_months
                then {{ ratio('rank_sums.joint', 'sqrt(rank_sums.load_spread * rank_sums.value_spread)') }}
        end as correlation,
        run.z / sqrt({{ greatest_known('rank_sums.months - 3', '1') }}) as apart
    from rank_sums
    cross join run
),

{% set summary = ['count(distinct employee_id) as employees', 'count(*) as employee_months',
    'count(*) filter (where is_endless) as endless_months', 'sum(accounts) as accounts',
    'sum(value) as total', 'sum(cast(value as decimal(38, 6)) * value) as squares'] -%}
bands as (
    select measure, coalesce(load_band, 'no_band') as load_band, {{ summary | join(', ') }} from known group by 1, 2
    union all
    select measure, 'all', {{ summary | join(', ') }} from known group by measure
),

described as (
    select
        bands.*,
        {{ ratio('bands.accounts', 'bands.employee_months') }} as accounts_average,
        case
            when bands.employee_months >= run.least_months and bands.endless_months = 0
                then {{ ratio('bands.total', 'bands.employee_months') }}
        end as value,
        run.z * sqrt({{ greatest_known(
            ratio(
                'bands.squares - cast(bands.total as double) * cast(bands.total as double) / bands.employee_months',
                'bands.employee_months - 1'
            ), '0'
        ) }} / bands.employee_months) as apart
    from bands
    cross join run
),

joined as (
    select
        described.*,
        correlated.correlation,
        case when abs(correlated.correlation) < 1 then tanh(atanh(correlated.correlation) - correlated.apart) end
            as correlation_low,
        case when abs(correlated.correlation) < 1 then tanh(atanh(correlated.correlation) + correlated.apart) end
            as correlation_high
    from described
    left join correlated on described.measure = correlated.measure and described.load_band = 'all'
)

select
    joined.measure,
    joined.load_band,
    cast(joined.employees as bigint) as employees,
    cast(joined.employee_months as bigint) as employee_months,
    cast(joined.endless_months as bigint) as endless_months,
    joined.accounts_average,
    joined.value,
    case when joined.value is not null then {{ greatest_known('joined.value - joined.apart', '0') }} end as low,
    joined.value + joined.apart as high,
    joined.correlation,
    joined.correlation_low,
    joined.correlation_high,
    case
        when joined.load_band = 'all' then {{ reading(
            'joined.correlation is null', 'joined.correlation_low', 'joined.correlation_high', 0, 'worse_with_load',
            'better_with_load'
        ) }}
    end as reading,
    'not_causal' as evidence,
    run.as_of_date
from joined
cross join run
