-- Grain: one row per file, contract, entity, measure and currency: the newest versions of rows that begin after the run's
-- day, which staging leaves out.
{%- set entity_ids = [] %}
{%- for entity_id, entity in landed_entities().items() if entity.since or entity.of %}
{%- do entity_ids.append(entity_id) %}
{%- endfor %}
with run as (
    select * from {{ ref('int_run_dated') }}
),

{{ rows_ahead(entity_ids, keep_vanished=kept_when_vanished()) }},

{%- set measures = landed_entities().values() | map(attribute='measures') | map('length') | max %}

-- What the newest version's file has no column for stands in the older one that has it.
measured as (
    select
        entity_id,
        unnest([
            struct_pack(
                measure := 'rows', is_held := true, total := cast(1 as decimal(38, 4)), currency := '',
                contract := _source, file_sha256 := _file_sha256
            )
            {%- for place in range(measures) %},
            case when is_uneven then coalesce(measure_said_{{ place }}, measure_{{ place }}) else measure_{{ place }} end
            {%- endfor %}
        ]) as said
    from rows_ahead
)

select
    said.file_sha256 as file_sha256,
    said.contract as contract,
    entity_id,
    said.measure as measure,
    said.currency as currency,
    cast(coalesce(sum(said.total), 0) as decimal(38, 4)) as total,
    -- They tell of nothing that has happened.
    cast(null as timestamp with time zone) as newest_event_at,
    true as is_current
from measured
where said.measure is not null
group by all
