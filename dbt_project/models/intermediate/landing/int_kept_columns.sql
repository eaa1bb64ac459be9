-- Grain: one row per file, contract, entity and column that it lacks, and older file whose values stand: a newer export erases
-- only what it holds.
with rows_keeping as (
    {%- for entity_id in landed_entities() if not entity_id.startswith('lists.') %}
    select '{{ entity_id }}' as entity_id, _file_sha256, _file, _source, unnest(map_entries(_kept)) as kept
    from {{ ref('stg_' ~ entity_id | replace('.', '__')) }}
    where cardinality(_kept) > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    _file_sha256 as file_sha256,
    _file as file,
    _source as contract,
    entity_id,
    kept.key as column_name,
    kept.value.file_sha256 as kept_file_sha256,
    kept.value.contract as kept_contract,
    max(kept.value.file) as kept_file,
    max(kept.value.known_at) as kept_known_at,
    count(*) as row_count
from rows_keeping
group by all
