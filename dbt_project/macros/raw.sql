{#- The columns by which versions of a row are told apart, newest first. -#}
{% macro version_columns() %}{{ return(['_known_at', '_loaded_at', '_file_sha256', '_row', '_part']) }}{% endmacro %}

{#- The newest version of every row of a raw table: one row a source system and natural key. The newest export counts,
    within an export the later line. Of rows that agree in all of it both stay, so that the key test tells. Left out is
    what counts no longer: a row that its newest full export does not hold (vanished), one that its export marks as
    deleted, and one of a document that a newer export gives anew (`_replaces`). A reader may ask to keep the first two,
    with the moment (`vanished_at`) and the kind of export (`vanished_from`). `among` is a part of the raw table that has
    all versions of the rows in it. -#}
{% macro newest_version(raw_table, key, keep_vanished=false, among=none) %}
    {%- set relation = among or source('raw', raw_table) %}
    {%- set identity = ['_system'] + key + version_columns() %}
    select
        versions.*
        {%- if keep_vanished %},
        coalesce(outdated.vanished_at, case when versions._deleted then versions._known_at end) as vanished_at,
        coalesce(outdated.export, case when versions._deleted then 'full' end) as vanished_from
        {%- endif %}
    from {{ relation }} as versions
    anti join (
        select {{ identity | join(', ') }}
        from {{ repeated_rows(relation, key) }} as repeated
        qualify rank() over (
            partition by _system, {{ key | join(', ') }}
            order by {{ version_columns() | join(' desc, ') }} desc
        ) > 1
    ) as superseded
        on {% for column in identity -%}
        versions.{{ column }} is not distinct from superseded.{{ column }}{{ ' and ' if not loop.last }}
        {%- endfor %}
    anti join {{ newest_documents(source('raw', raw_table)) }} as documents
        on versions._system = documents._system
        and versions._replaces = documents._replaces
        and {{ export_order('versions') }} < documents.export_order
    {{ 'left' if keep_vanished else 'anti' }} join {{ ref('stg_landing__outdated_files') }} as outdated
        on outdated.raw_table = '{{ raw_table }}'
        and versions._source = outdated.contract
        and versions._file_sha256 = outdated.file_sha256
    {%- if not keep_vanished %}
    where not coalesce(versions._deleted, false)
    {%- endif %}
{% endmacro %}

{#- The newest export of every document whose rows replace its older ones. -#}
{% macro newest_documents(relation) -%}
    (
        select
            landed._system,
            landed._replaces,
            max({{ export_order('landed') }}) as export_order,
            max(landed._known_at) as known_at
        from {{ relation }} as landed
        where landed._replaces is not null
        group by landed._system, landed._replaces
    )
{%- endmacro %}

{#- A value by which the exports that rows came with can be put in order, oldest first. -#}
{% macro export_order(alias) %}{{ return(adapter.dispatch('export_order')(alias)) }}{% endmacro %}

{% macro duckdb__export_order(alias) -%}
row({{ alias }}._known_at, {{ alias }}._loaded_at, {{ alias }}._file_sha256)
{%- endmacro %}

{% macro spark__export_order(alias) -%}
struct({{ alias }}._known_at, {{ alias }}._loaded_at, {{ alias }}._file_sha256)
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
