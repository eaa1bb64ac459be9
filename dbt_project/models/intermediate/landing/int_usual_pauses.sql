-- Grain: one row per source contract and entity whose rows tell when something happened: for how many days it is usually
-- quiet.
with run as (
    select * from {{ ref('int_run_dated') }}
),

dated as (
    {%- for entity_id, entity in landed_entities().items() if entity.fresh %}
    {%- set outer = loop %}
    {%- for column in entity.fresh %}
    select
        rows_of_entity._source as contract,
        '{{ entity_id }}' as entity_id,
        {% if column in entity.moments -%}
        {{ business_date('rows_of_entity.' ~ column, 'run.business_timezone') }}
        {%- else -%}
        rows_of_entity.{{ column }}
        {%- endif %} as told_on
    from {{ ref('stg_' ~ entity_id | replace('.', '__')) }} as rows_of_entity
    cross join run
    group by all
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- endfor %}
),

days as (
    select distinct
        dated.contract,
        dated.entity_id,
        dated.told_on
    from dated
    cross join run
    where dated.told_on <= run.as_of_date
),

placed as (
    {{- placed_pauses('days', ['contract', 'entity_id']) }}
)

select
    contract,
    split_part(entity_id, '.', 1) as domain,
    split_part(entity_id, '.', 2) as entity,
    -- Before it has told of feed_least_days days any pause may be usual: the longest.
    case when count(*) >= {{ parameter('feed_least_days') }} then {{ usual_pause() }} else max(pause_days) end
        as usual_pause_days
from placed
group by contract, entity_id
