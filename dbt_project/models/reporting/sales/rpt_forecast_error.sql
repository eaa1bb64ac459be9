-- Grain: one row per horizon in weeks, employee (and `everybody`, is_total) and category (and `all`): what was forecast at past
-- week ends to be won within so many weeks, beside what was (P10). Forecast is the weighted amount of the deals open on that
-- evening that were expected to be closed by then, with the owner, amount, probability and day expected of that evening,
-- at its rate. The category is the one that the CRM's history tells of that evening (seed forecast_words), else a band of that
-- evening's probability (seed forecast_bands). Outcome is what was won in that time: of the deals of the category, whenever they were expected; under
-- not_open_then of deals that were not open on that evening. It is worth the same evening's rate, so that rates are no error.
-- Week ends whose time is not over, or not told in full, are left out.
with run as (
    select * from {{ ref('int_run_dated') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

horizons as (
    select distinct cast(value as integer) as weeks_ahead
    from {{ ref('parameters') }}
    where parameter in ('forecast_weeks_short', 'forecast_weeks_middle', 'forecast_weeks_long')
),

feed_end as (
    {{ told_until('deals') }}
),

bands as (
    select
        category,
        cast(from_probability as double) as from_probability,
        lead(cast(from_probability as double)) over (order by from_probability) as below_probability
    from {{ ref('forecast_bands') }}
),

-- Before the first deal was open nobody forecast anything.
begun as (
    select min(as_of_date) as first_day from {{ ref('fct_open_deals') }}
),

origins as (
    select
        dates.day as origin,
        horizons.weeks_ahead,
        {{ plus_days('dates.day', '7 * horizons.weeks_ahead') }} as until_on
    from {{ ref('dim_dates') }} as dates
    cross join horizons
    cross join run
    cross join feed_end
    cross join begun
    where dates.is_week_end and dates.is_snapshot and dates.day >= begun.first_day
        and {{ plus_days('dates.day', '7 * horizons.weeks_ahead') }} <= run.as_of_date
        and {{ plus_days('dates.day', '7 * horizons.weeks_ahead') }} <= feed_end.complete_until
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

won as (
    select * from {{ ref('fct_deals') }} where status = 'won' and closed_on is not null
),

sides as (
    select
        origins.origin,
        origins.weeks_ahead,
        standing.deal_id,
        coalesce(standing.owner_id, 'unassigned') as open_employee_id,
        cast(null as varchar) as won_employee_id,
        coalesce(words.category, bands.category, 'not_known') as category,
        1 as is_open,
        case when words.category is null then 0 else 1 end as is_told,
        case when standing.basis = 'record' then 1 else 0 end as is_by_record,
        coalesce(standing.expected_close_on > origins.origin and standing.expected_close_on <= origins.until_on, false) as is_due,
        standing.weighted_amount_base as forecast,
        case when standing.weighted_amount_base is null then 1 else 0 end as unknown_forecast,
        standing.missing_rate_count,
        cast(0 as decimal(18, 4)) as outcome,
        0 as won_deals,
        0 as unknown_outcome
    from origins
    inner join {{ ref('fct_open_deals') }} as standing on origins.origin = standing.as_of_date
    left join {{ ref('forecast_words') }} as words on {{ normalised_words('standing.forecast_category') }} = words.word
    left join bands
        on standing.probability >= bands.from_probability
        and coalesce(standing.probability < bands.below_probability, true)
    union all
    select
        origins.origin,
        origins.weeks_ahead,
        won.deal_id,
        null,
        coalesce(won.owner_id, 'unassigned'),
        null,
        0,
        0,
        0,
        false,
        null,
        0,
        case when won.amount is not null and rates.rate is null then 1 else 0 end,
        coalesce({{ money('won.amount * rates.rate') }}, 0),
        1,
        case when won.amount * rates.rate is null then 1 else 0 end
    from origins
    inner join won on won.closed_on > origins.origin and won.closed_on <= origins.until_on
    left join rates on won.currency = rates.currency and origins.origin = rates.rate_date
),

-- A deal that was open is its owner's of that evening, whoever won it.
deals as (
    select
        origin,
        weeks_ahead,
        deal_id,
        coalesce(max(open_employee_id), max(won_employee_id)) as employee_id,
        coalesce(max(category), 'not_open_then') as category,
        max(is_open) as is_open,
        max(is_told) as is_told,
        max(case when is_due then 1 else 0 end) as is_due,
        max(case when is_due then is_by_record else 0 end) as is_by_record,
        coalesce(sum(case when is_due then forecast end), 0) as forecast,
        sum(case when is_due then unknown_forecast else 0 end) as unknown_forecast,
        sum(outcome) as outcome,
        sum(won_deals) as won_deals,
        sum(unknown_outcome) as unknown_outcome,
        sum(case when is_due or won_deals > 0 then missing_rate_count else 0 end) as missing_rate
    from sides
    group by origin, weeks_ahead, deal_id
),

{% set levels = [('employee_id', 'category'), ('employee_id', "'all'"), ("'everybody'", 'category'), ("'everybody'", "'all'")] -%}
{% set sums = ['is_open', 'is_told', 'is_due', 'is_by_record', 'forecast', 'unknown_forecast', 'outcome', 'won_deals', 'unknown_outcome',
    'missing_rate'] -%}
by_origin as (
    {%- for employee, category in levels %}
    select
        origin,
        weeks_ahead,
        {{ employee }} as employee_id,
        {{ category }} as category,
        {%- for name in sums %}
        sum({{ name }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from deals
    group by 1, 2, 3, 4
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        weeks_ahead,
        employee_id,
        category,
        {%- for name in sums %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        sum(abs(outcome - forecast)) as absolute_error,
        min(origin) as first_origin,
        max(origin) as last_origin
    from by_origin
    group by weeks_ahead, employee_id, category
),

counted as (
    select weeks_ahead, count(*) as origins from origins group by weeks_ahead
),

known as (
    select
        *,
        {{ known_amount('forecast', 'unknown_forecast') }} as known_forecast,
        {{ known_amount('outcome', 'unknown_outcome') }} as known_outcome,
        unknown_forecast + unknown_outcome = 0 as is_known
    from summed
)

select
    cast(known.weeks_ahead as bigint) as weeks_ahead,
    known.employee_id,
    employees.full_name as employee_name,
    employees.team,
    known.category,
    case
        when known.is_open = 0 then null
        when known.is_told = 0 then 'probability'
        when known.is_told = known.is_open then 'told'
        else 'both'
    end as category_basis,
    run.base_currency,
    known.employee_id = 'everybody' as is_total,
    cast(counted.origins as bigint) as origins,
    cast(known.is_due as bigint) as forecast_deals,
    cast(known.is_by_record as bigint) as record_deals,
    cast(known.won_deals as bigint) as won_deals,
    {{ money_sum('known.known_forecast') }} as forecast,
    {{ money_sum('known.known_outcome') }} as outcome,
    case when known.is_known then {{ ratio('known.outcome - known.forecast', 'known.outcome') }} end as error_ratio,
    case when known.is_known then {{ ratio('known.absolute_error', 'known.outcome') }} end as absolute_error_ratio,
    cast(known.unknown_forecast + known.unknown_outcome - known.missing_rate as bigint) as missing_amount_count,
    cast(known.missing_rate as bigint) as missing_rate_count,
    known.first_origin,
    known.last_origin,
    run.as_of_date
from known
cross join run
inner join counted on known.weeks_ahead = counted.weeks_ahead
left join employees on known.employee_id = employees.employee_id
