-- Grain: one row a client, week and measure of the newest health_measure_weeks weeks: what the measure was, what it gave and
-- what of the score comes from it. The contributions of a week's measures sum to its score (V18).
{{ config(materialized='held_view') }}

with settings as (
    {{ health_settings() }}
),

valued as (
    select * from {{ ref('fct_account_health') }} where has_measures
),

measures as (
    select * from {{ ref('health_measures') }} where weight > 0
),

groups as (
    select * from {{ ref('health_groups') }}
),

pointed as (
    select
        valued.*,
        {%- for group, names in health_measures().items() %}
        {%- for measure in names %}
        {{ health_points(measure) }} as {{ measure }}_given,
        {%- endfor %}
        {{ health_known_weight(group) }} as {{ group }}_known,
        {%- endfor %}
        {%- for group in health_measures() %}
        {{ '+ ' if not loop.first }}case when {{ health_known_weight(group) }} > 0 then settings.{{ group }}_weight else 0 end
        {%- endfor %} as known_groups
    from valued
    cross join settings
),

opened as (
    select
        pointed.week_start,
        pointed.account_id,
        measures.measure,
        measures.measure_group,
        measures.unit,
        measures.evidence,
        measures.evidence_events,
        measures.zero_at,
        measures.full_at,
        case measures.measure
            {%- for group, names in health_measures().items() %}
            {%- for measure in names %}
            when '{{ measure }}' then pointed.{{ measure }}
            {%- endfor %}
            {%- endfor %}
        end as value,
        case measures.measure
            {%- for group, names in health_measures().items() %}
            {%- for measure in names %}
            when '{{ measure }}' then pointed.{{ measure }}_given
            {%- endfor %}
            {%- endfor %}
        end as points,
        measures.weight,
        groups.weight as group_weight,
        case measures.measure_group
            {%- for group in health_measures() %}
            when '{{ group }}' then pointed.{{ group }}_known
            {%- endfor %}
        end as known_weight,
        pointed.known_groups,
        cast(pointed.score as double) as score,
        pointed.is_newest,
        pointed.as_of_date
    from pointed
    cross join measures
    inner join groups on measures.measure_group = groups.measure_group
)

select
    week_start,
    account_id,
    measure,
    measure_group,
    unit,
    evidence,
    evidence_events,
    zero_at,
    full_at,
    value,
    points,
    -- What a point of the measure counts in the score, after the missing ones are left out.
    case when points is not null then group_weight / nullif(known_groups, 0) * weight / nullif(known_weight, 0) end
        as weight,
    case
        when score is not null
            then points * group_weight / nullif(known_groups, 0) * weight / nullif(known_weight, 0)
    end as contribution,
    case
        when score is not null
            then (100 - points) * group_weight / nullif(known_groups, 0) * weight / nullif(known_weight, 0)
    end as lost_points,
    is_newest,
    as_of_date
from opened
