{#- The columns by which versions of a row are told apart, newest first. -#}
{% macro version_columns() %}{{ return(['_known_at', '_loaded_at', '_file_sha256', '_row', '_part']) }}{% endmacro %}

{#- The newest version of every row of a raw table: one row per source system and natural key. The newest export counts,
    within an export the later line. Of rows that agree in all of it both stay, so that the key test tells. Left out is
    what counts no longer: a row that its newest full export does not hold (vanished), one that its export marks as
    deleted, and one of a document that a newer export gives anew (`_replaces`). A reader may ask to keep the first two,
    with the moment (`vanished_at`) and the kind of export (`vanished_from`).
    A newer export erases only what it holds: what its file has no column for is as the newest one says that has
    (`filled_versions`), and `_kept` says which. Rows whose versions hold the same columns pay nothing for it. -#}
{% macro newest_version(entity_id, keep_vanished=false) %}
    {%- set raw_table = entity_id | replace('.', '_') %}
    {%- set entity = landed_entities()[entity_id] %}
    {%- set key = entity.key %}
    {%- set relation = source('raw', raw_table) %}
    {%- set identity = ['_system'] + key + version_columns() %}
    {%- set of_key = 'partition by _system, ' ~ key | join(', ') %}
    {%- set newest_first = of_key ~ ' order by ' ~ version_columns() | join(' desc, ') ~ ' desc' %}
    with repeated as materialized (
        select {{ identity | join(', ') }}, {{ held_digest('versions') }} as held
        from {{ repeated_rows(relation, key) }} as versions
    ),

    uneven as (
        select _system, {{ key | join(', ') }}
        from repeated
        group by _system, {{ key | join(', ') }}
        having min(held) <> max(held)
    ),

    superseded as (
        select *
        from repeated
        qualify rank() over ({{ newest_first }}) > 1 or min(held) over ({{ of_key }}) <> max(held) over ({{ of_key }})
    )

    -- Left joins and one condition, rather than anti joins and filters: the planner takes each of those to leave a fifth
    -- of the rows, three of them one in a hundred, and would then keep all versions in memory to look the few up.
    select
        {{ version_row(entity, 'versions') }},
        versions._kept
        {%- if keep_vanished %},
        coalesce(outdated.vanished_at, case when versions._deleted then versions._known_at end) as vanished_at,
        coalesce(outdated.export, case when versions._deleted then 'full' end) as vanished_from
        {%- endif %}
    from (
        select
            {{ version_row(entity, 'versions') }},
            cast(null as {{ kept_type() }}) as _kept,
            superseded.held is not null as is_superseded
        from {{ relation }} as versions
        left join superseded
            on {% for column in identity -%}
            versions.{{ column }} is not distinct from superseded.{{ column }}{{ ' and ' if not loop.last }}
            {%- endfor %}
        union all
        select *, false as is_superseded
        from ({{ filled_versions(relation, 'uneven', entity) }}) as filled
        qualify rank() over ({{ newest_first }}) = 1
    ) as versions
    left join {{ newest_documents(raw_table) }} as documents
        on versions._system = documents._system
        and versions._replaces = documents._replaces
    left join {{ ref('stg_landing__outdated_files') }} as outdated
        on outdated.raw_table = '{{ raw_table }}'
        and versions._source = outdated.contract
        and versions._file_sha256 = outdated.file_sha256
    where case
        when versions.is_superseded {{- '' if keep_vanished else ' or versions._deleted or outdated.file_sha256 is not null' }} then false
        else coalesce({{ export_order('versions') }} >= documents.export_order, true)
    end
{% endmacro %}

{#- The entities of which staging keeps what vanished: it was there until a day, and falls from then on. -#}
{% macro kept_when_vanished() -%}{{ return(['billing.invoices', 'billing.subscriptions']) }}{%- endmacro %}

{#- Where a version of a row came from, and what its export says of it. -#}
{% macro origin_columns() -%}
{{ return([
    '_system', '_source', '_file', '_file_sha256', '_part', '_row', '_loaded_at', '_known_at', '_deleted', '_replaces',
]) }}
{%- endmacro %}

{#- The columns of a version of a row: its entity's, and where it came from. -#}
{% macro version_row(entity, alias) -%}
{{ alias }}.{{ (entity.columns + origin_columns()) | join(', ' ~ alias ~ '.') }}
{%- endmacro %}

{#- A number that tells of which columns a row says something: those that its file has, and none where it is gone. -#}
{% macro held_digest(alias) -%}hash(coalesce({{ alias }}._holds, ''), coalesce({{ alias }}._deleted, false)){%- endmacro %}

{#- Whether a row's file has a column for it: a blank cell there is blank. What was landed before files said so holds all. A
    row that its export marks as deleted may be there with its key alone: it says nothing. -#}
{% macro holds(alias, column) -%}
(coalesce(contains({{ alias }}._holds, ',{{ column }},'), true) and not coalesce({{ alias }}._deleted, false))
{%- endmacro %}

{#- The type of `_kept`: column -> the older row that its value stands in. -#}
{% macro kept_type() -%}
map(varchar, struct(contract varchar, file_sha256 varchar, file varchar, line bigint, known_at timestamp with time zone))
{%- endmacro %}

{#- The versions of the rows with these keys, each with what was known when it came: what its file has no column for is as
    the newest version before it says whose file has. `_kept` says of which columns that is so, and where each stands. -#}
{% macro filled_versions(relation, keys, entity) -%}
{%- set others = entity.columns | reject('in', entity.key) | list -%}
select
    {%- for column in entity.columns %}
    {%- if column in entity.key %}
    {{ column }},
    {%- else %}
    case when {{ column }}_said is null then {{ column }} else {{ column }}_said.value end as {{ column }},
    {%- endif %}
    {%- endfor %}
    {{ origin_columns() | join(', ') }},
    map_from_entries(list_filter([
        {%- for column in others %}
        case
            when {{ column }}_said.value is not null and not {{ holds('said', column) }}
                then struct_pack(name := '{{ column }}', place := {{ column }}_said.place)
        end{{ ',' if not loop.last }}
        {%- endfor %}
    ], lambda kept: kept is not null)) as _kept
from (
    select
        versions.*
        {%- for column in others %},
        first_value(
            case
                when {{ holds('versions', column) }}
                    then struct_pack(value := versions.{{ column }}, place := struct_pack(
                        contract := versions._source, file_sha256 := versions._file_sha256, file := versions._file,
                        line := versions._row, known_at := versions._known_at
                    ))
            end ignore nulls
        ) over until_then as {{ column }}_said
        {%- endfor %}
    from {{ relation }} as versions
    semi join {{ keys }} as keys
        on versions._system is not distinct from keys._system
        {%- for column in entity.key %}
        and versions.{{ column }} is not distinct from keys.{{ column }}
        {%- endfor %}
    window until_then as (
        partition by versions._system, versions.{{ entity.key | join(', versions.') }}
        order by versions.{{ version_columns() | join(' desc, versions.') }} desc
        rows between current row and unbounded following
    )
) as said
{%- endmacro %}

{#- The newest export of every document of a raw table whose rows replace its older ones. -#}
{% macro newest_documents(raw_table) -%}
(
        select system as _system, document as _replaces, export_order, known_at
        from {{ ref('int_newest_documents') }}
        where raw_table = '{{ raw_table }}'
    )
{%- endmacro %}

{#- A value by which the exports that rows came with can be put in order, oldest first. -#}
{% macro export_order(alias) -%}
struct_pack(
        known_at := {{ alias }}._known_at, loaded_at := {{ alias }}._loaded_at, file_sha256 := {{ alias }}._file_sha256
    )
{%- endmacro %}

{#- The rows whose key stands more than once. They are few: a window over them costs nothing, one over all of them would
    sort millions of wide rows to find that each stands alone. -#}
{% macro repeated_rows(relation, key) -%}
    (
        select candidates.*
        from {{ relation }} as candidates
        semi join (
            select _system, {{ key | join(', ') }}
            from {{ relation }}
            group by _system, {{ key | join(', ') }}
            having count(*) > 1
        ) as keys
            on candidates._system is not distinct from keys._system
            {%- for column in key %}
            and candidates.{{ column }} is not distinct from keys.{{ column }}
            {%- endfor %}
    )
{%- endmacro %}
