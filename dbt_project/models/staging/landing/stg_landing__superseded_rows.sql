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
        '{{ entity_id }}' as entity_id,
        landed._system,
        {{ row_key(entity.key, 'landed') }} as row_key,
        keys.is_uneven,
        ['{{ (columns[name] or []) | join("', '") }}'] as names,
        [
            {%- for column in columns[name] or [] %}
            coalesce(cast(to_json(landed.{{ column }}) as varchar), 'null'){{ ',' if not loop.last }}
            {%- endfor %}
        ] as cells,
        landed._holds,
        landed._deleted,
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
    from {{ relation }} as landed
    inner join {{ name }}_keys as keys
        on landed._system is not distinct from keys._system
        {%- for column in entity.key %}
        and landed.{{ column }} is not distinct from keys.{{ column }}
        {%- endfor %}
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
    select * from {{ entity_id | replace('.', '_') }}_versions
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

numbered as materialized (
    select *, row_number() over () as version_number
    from versions
),

-- What a file has no column for is as the newest version before it says whose file has. A row that its export marks as
-- deleted may be there with its key alone: it says nothing.
said as (
    select
        version_number,
        entity_id,
        _system,
        row_key,
        {{ version_columns() | join(', ') }},
        unnest(names) as name,
        unnest(cells) as cell,
        coalesce(contains(_holds, ',' || name || ','), true) and not coalesce(_deleted, false) as is_said
    from numbered
    where is_uneven
),

filled as (
    select
        version_number,
        name,
        coalesce(first_value(case when is_said then cell end ignore nulls) over until_then, cell) as cell
    from said
    window until_then as (
        partition by entity_id, _system, row_key, name
        order by {{ version_columns() | join(' desc, ') }} desc
        rows between current row and unbounded following
    )
),

known as (
    select version_number, map_from_entries(list((name, cell))) as cell_of
    from filled
    group by version_number
),

contents as (
    select
        numbered.* exclude (names, cells, is_uneven, _holds, _deleted, version_number),
        '{' || list_aggregate(list_transform(
            names, lambda name, position: '"' || name || '":' || coalesce(known.cell_of[name], cells[position])
        ), 'string_agg', ',') || '}' as content
    from numbered
    left join known on numbered.version_number = known.version_number
),

followed as (
    select
        *,
        lead(content) over newer as newer_content,
        lead(_known_at) over newer as newer_known_at,
        lead(_file) over newer as newer_file,
        lead(_row) over newer as newer_row
    from contents
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
