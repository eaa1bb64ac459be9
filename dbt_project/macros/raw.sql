{#- The schema `raw` while dbt runs: one view an entity on its folder of Parquet files. A folder always holds a typed
    file without rows, so that an entity nobody has landed is an empty table with its types. -#}
{% macro create_raw_views() %}
  {%- if execute %}
    {%- set folder = env_var('KEYBOOK_HOME', '../data') ~ '/warehouse/raw' %}
    {%- do run_query('create schema if not exists raw') %}
    {%- for source in graph.sources.values() %}
      {%- do run_query("create or replace view raw." ~ source.identifier ~ " as select * from read_parquet('"
                       ~ folder ~ '/' ~ source.meta.files ~ "', union_by_name = true)") %}
    {%- endfor %}
  {%- endif %}
{% endmacro %}

{% macro drop_raw_views() %}
  {%- if execute %}{% do run_query('drop schema if exists raw cascade') %}{% endif %}
{% endmacro %}

{#- The newest version of every row: one row a source system and natural key. The newest export counts, within an
    export the later line. Of rows that agree in all of it both stay, so that the key test tells. -#}
{% macro newest_version(relation, key) %}
    {%- set identity = ['_system'] + key + ['_known_at', '_loaded_at', '_file_sha256', '_row', '_part'] %}
    select versions.*
    from {{ relation }} as versions
    anti join (
        select {{ identity | join(', ') }}
        from {{ repeated_rows(relation, key) }} as repeated
        qualify rank() over (
            partition by _system, {{ key | join(', ') }}
            order by _known_at desc, _loaded_at desc, _file_sha256 desc, _row desc, _part desc
        ) > 1
    ) as superseded
        on {% for column in identity -%}
        versions.{{ column }} is not distinct from superseded.{{ column }}{{ ' and ' if not loop.last }}
        {%- endfor %}
{% endmacro %}

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
