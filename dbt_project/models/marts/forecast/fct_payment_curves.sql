-- Grain: one row per origin, account that owes something then, and step of its curve: from a lag in days from the due date on
-- which something happens to the account's own debts to the day before the next. Of what is open of its debts at the first
-- lag, the share still open and the share paid after either end (R30). Within a step the account's rate is
-- w·S(l-1)·r(l) ÷ (a + w·S(l-1)), with a of its own debts at risk, w the weight of its segment, S the segment's survival and r
-- its rate: the product of what that leaves is (a + w·S(l)) ÷ (a + w·S(first lag)), so that a step says all of its days
-- (macros `paid_on`, `survival_on`).
with origins as (
    select * from {{ ref('dim_forecast_origins') }}
),

accounts as (
    select account_id, coalesce(segment, '') as segment from {{ ref('dim_accounts') }}
),

stretches as (
    select stretches.*, accounts.segment
    from {{ ref('fct_debt_stretches') }} as stretches
    inner join accounts on stretches.account_id = accounts.account_id
),

settings as (
    {{ forecast_settings() }}
),

counts as (
    select * from {{ ref('fct_lag_counts') }}
),

segments as (
    select * from {{ ref('fct_segment_curves') }}
),

bounds as (
    select origin, max(lag_days) as last_lag from segments group by origin
),

-- An account's curve is wanted from the youngest of its open debts on: what they have lived through is certain.
youngest as (
    select
        origins.origin,
        stretches.account_id,
        stretches.segment,
        cast({{ greatest_known(
            'min(' ~ days_from('stretches.due_on', 'origins.origin') ~ ')', 'min(-settings.earliest_days - 1)'
        ) }} as integer) as lag_at_origin
    from stretches
    cross join settings
    inner join origins on stretches.valid_from <= origins.origin and stretches.valid_to > origins.origin
    group by origins.origin, stretches.account_id, stretches.segment
),

owing as (
    select
        cast(row_number() over (order by youngest.origin, youngest.account_id) as integer) as curve_number,
        youngest.*,
        bounds.last_lag
    from youngest
    inner join bounds on youngest.origin = bounds.origin and youngest.lag_at_origin < bounds.last_lag
),

own_counts as (
    select
        owing.curve_number,
        {{ greatest_known('counts.lag_days', 'owing.lag_at_origin + 1') }} as lag_days,
        sum(counts.change) as change,
        sum(case when counts.lag_days > owing.lag_at_origin then counts.paid else 0 end) as paid,
        sum(case when counts.lag_days > owing.lag_at_origin then counts.lost else 0 end) as lost
    from owing
    inner join counts on owing.origin = counts.origin and owing.account_id = counts.account_id
    where counts.lag_days <= owing.last_lag
    group by owing.curve_number, {{ greatest_known('counts.lag_days', 'owing.lag_at_origin + 1') }}
    union all
    -- Where the curve begins, nothing has happened yet.
    select curve_number, lag_at_origin, 0, 0, 0 from owing
),

steps as (
    select
        owing.curve_number,
        owing.origin,
        owing.segment,
        own_counts.lag_days,
        coalesce(lead(own_counts.lag_days) over step_by_step - 1, owing.last_lag) as until_lag,
        own_counts.lag_days = owing.lag_at_origin as is_first,
        cast(sum(own_counts.change) over step_by_step as double) as at_risk,
        cast(own_counts.paid as double) as paid,
        cast(own_counts.lost as double) as lost
    from own_counts
    inner join owing on own_counts.curve_number = owing.curve_number
    window step_by_step as (partition by own_counts.curve_number order by own_counts.lag_days)
),

-- The segment's curve at the day before a step, on its first day and on its last.
beside as (
    select
        steps.*,
        settings.account_weight as weight,
        {%- for figure in ['survival', 'paid'] %}
        {%- for name, at in {'before': 'on_day_before', 'wider': 'on_first_day', 'until': 'on_last_day'}.items() %}
        case when steps.at_risk > 0 then {{ at }}.{{ figure }} else {{ at }}.followed_{{ figure }} end as {{ name }}_{{ figure }}{{ ',' if not (loop.last and figure == 'paid') }}
        {%- endfor %}
        {%- endfor %}
    from steps
    cross join settings
    inner join segments as on_first_day
        on steps.origin = on_first_day.origin
        and steps.segment = on_first_day.segment
        and steps.lag_days = on_first_day.lag_days
    inner join segments as on_last_day
        on steps.origin = on_last_day.origin
        and steps.segment = on_last_day.segment
        and steps.until_lag = on_last_day.lag_days
    left join segments as on_day_before
        on steps.origin = on_day_before.origin
        and steps.segment = on_day_before.segment
        and steps.lag_days - 1 = on_day_before.lag_days
),

-- What the first day of a step leaves and pays of what was open before it, and what the days after it leave.
rates as (
    select
        *,
        case
            when not is_first and at_risk + weight * before_survival > 0.000001
                then {{ greatest_known(
                    '(at_risk - paid - lost + weight * wider_survival) / (at_risk + weight * before_survival)',
                    '0.000000001'
                ) }}
            else 1
        end as left_on_day,
        case
            when not is_first and at_risk + weight * before_survival > 0.000001
                then (paid + weight * (wider_paid - before_paid)) / (at_risk + weight * before_survival)
            else 0
        end as paid_on_day,
        case
            when at_risk + weight * wider_survival > 0.000001
                then {{ greatest_known(
                    '(at_risk + weight * until_survival) / (at_risk + weight * wider_survival)', '0.000000001'
                ) }}
            else 1
        end as left_after,
        case
            when at_risk + weight * wider_survival > 0.000001 then weight / (at_risk + weight * wider_survival)
            else 0
        end as leaning
    from beside
),

chained as (
    select
        *,
        exp(sum(ln(left_on_day) + coalesce(ln(left_before), 0)) over (
            partition by curve_number order by lag_days
        )) as survival
    from (
        select *, lag(left_after) over (partition by curve_number order by lag_days) as left_before from rates
    ) as linked
),

added as (
    select
        *,
        sum(survival / left_on_day * paid_on_day + coalesce(paid_between, 0)) over (
            partition by curve_number order by lag_days
        ) as paid_by_then
    from (
        select
            *,
            lag(survival * leaning * (until_paid - wider_paid)) over (
                partition by curve_number order by lag_days
            ) as paid_between
        from chained
    ) as linked
),

-- What is read off a step is rounded to twelve decimals, which are more than money needs and the same on every machine.
rounded as (
    select
        curve_number,
        lag_days,
        until_lag,
        at_risk,
        round(survival, 15) as survival,
        round(paid_by_then, 15) as paid,
        survival * leaning as leaning,
        wider_survival,
        wider_paid,
        until_survival as wider_survival_until,
        until_paid as wider_paid_until
    from added
)

select
    owing.account_id,
    owing.segment,
    rounded.curve_number,
    rounded.lag_days,
    rounded.until_lag,
    rounded.at_risk,
    rounded.survival,
    rounded.paid,
    rounded.leaning,
    rounded.wider_survival,
    rounded.wider_paid,
    round(rounded.survival - rounded.leaning * (rounded.wider_survival - rounded.wider_survival_until), 12) as until_survival,
    round(rounded.paid + rounded.leaning * (rounded.wider_paid_until - rounded.wider_paid), 12) as until_paid,
    owing.origin
from rounded
inner join owing on rounded.curve_number = owing.curve_number
