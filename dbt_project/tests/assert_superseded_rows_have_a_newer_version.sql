-- Blocks publishing: staging holds one row for every key that was ever landed, so a row is superseded only by a newer
-- version of itself, or gone for a reason that is named, or begins after the run's day. Without this, a row that a staging model loses would pass for
-- superseded in the control totals.
{{ config(meta={'dagster': {'ref': {'name': 'stg_landing__superseded_rows'}}}) }}

with compared as (
    {%- for entity_id, entity in landed_entities().items() %}
    {%- set domain, name = entity_id.split('.') %}
    select
        '{{ entity_id }}' as entity_id,
        (select count(*) from (
            select distinct _system, {{ entity.key | join(', ') }} from {{ source('raw', domain ~ '_' ~ name) }}
        ) as keys) as keys_landed,
        (
            select count(*) from {{ ref('stg_landing__superseded_rows') }}
            where domain = '{{ domain }}' and entity = '{{ name }}' and state <> 'changed'
                {%- if entity_id in kept_when_vanished() %}
                and state = 'replaced'
                {%- endif %}
        ) as keys_gone,
        (
            select coalesce(sum(total), 0) from {{ ref('int_later_totals') }}
            where entity_id = '{{ entity_id }}' and measure = 'rows'
        ) as rows_later,
        (select count(*) from {{ ref('stg_' ~ domain ~ '__' ~ name) }}) as rows_current
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from compared where keys_landed <> rows_current + rows_later + keys_gone
