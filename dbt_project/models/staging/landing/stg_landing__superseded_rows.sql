-- Grain: one row per version of a landed row that counts no longer. A newer export changed it; or it is the newest of its
-- key, and its newest full export does not hold it (vanished), its export marks it as deleted, or a newer export gives
-- its document anew without it (replaced). A row that a newer export repeats unchanged is no version of its own; what its file
-- has no column for it does not change.
-- A list is what its file says now: of the version in force no row is superseded.
with outdated as (
    select * from {{ ref('stg_landing__outdated_files') }}
),

{%- set columns = raw_columns() %}
{%- for entity_id, entity in landed_entities().items() if not entity_id.startswith('lists.') %}
{%- set relation = source('raw', entity_id | replace('.', '_')) %}
{%- set key = entity.key | join(', ') %}
{%- set name = entity_id | replace('.', '_') %}

{{ name }}_keys as (
    select
        landed._system,
        {{ key }},
        min({{ held_digest('landed') }}) <> max({{ held_digest('landed') }}) as is_uneven
    from {{ relation }} as landed
    left join outdated
        on outdated.raw_table = '{{ name }}'
        and landed._source = outdated.contract
        and landed._file_sha256 = outdated.file_sha256
    left join {{ newest_documents(name) }} as documents
        on landed._system = documents._system
        and landed._replaces = documents._replaces
        and {{ export_order('landed') }} < documents.export_order
    group by landed._system, {{ key }}
    having count(*) > 1
        or count(outdated.file_sha256) > 0
        or count(documents._replaces) > 0
        or bool_or(landed._deleted)
),

{{ name }}_versions as (
    select
        landed._system,
        {{ row_key(entity.key, 'landed') }} as row_key,
        cast(to_json(struct_pack(
            {%- for column in columns[name] or [] %}{{ column }} := landed.{{ column }}{{ ', ' if not loop.last }}{% endfor -%}
        )) as varchar) as content,
        case
            when documents._replaces is not null then 'replaced'
            when outdated.vanished_at is not null then 'vanished'
            when landed._deleted then 'deleted'
        end as end_state,
        coalesce(
            documents.known_at, outdated.vanished_at, case when landed._deleted then landed._known_at end
        ) as ended_at,
        landed.{{ version_columns() | join(', landed.') }},
        landed._source,
        landed._file
    from ({{ all_versions(relation, name ~ '_keys', entity) }}) as landed
    left join outdated
        on outdated.raw_table = '{{ name }}'
        and landed._source = outdated.contract
        and landed._file_sha256 = outdated.file_sha256
    left join {{ newest_documents(name) }} as documents
        on landed._system = documents._system
        and landed._replaces = documents._replaces
        and {{ export_order('landed') }} < documents.export_order
),
{%- endfor %}

versions as (
    {%- for entity_id in landed_entities() if not entity_id.startswith('lists.') %}
    {%- set name = entity_id | replace('.', '_') %}
    select '{{ entity_id }}' as entity_id, {{ name }}_versions.* from {{ name }}_versions
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

followed as (
    select
        *,
        lead(content) over newer as newer_content,
        lead(_known_at) over newer as newer_known_at,
        lead(_file) over newer as newer_file,
        lead(_row) over newer as newer_row
    from versions
    window newer as (partition by entity_id, _system, row_key order by {{ version_columns() | join(', ') }})
)

select
    split_part(entity_id, '.', 1) as domain,
    split_part(entity_id, '.', 2) as entity,
    _system as system,
    _source as contract,
    row_key,
    coalesce(case when newer_content is not null then 'changed' end, end_state) as state,
    content,
    _file as file,
    _file_sha256 as file_sha256,
    _part as part,
    newer_file,
    _row as line,
    newer_row as newer_line,
    _known_at as known_at,
    coalesce(newer_known_at, ended_at) as superseded_at
from followed
where newer_content <> content or (newer_content is null and end_state is not null)
