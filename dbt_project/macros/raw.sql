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
    export the later line. -#}
{% macro newest_version(relation, key) %}
    select *
    from {{ relation }}
    qualify row_number() over (
        partition by _system, {{ key | join(', ') }}
        order by _known_at desc, _loaded_at desc, _file_sha256 desc, _row desc
    ) = 1
{% endmacro %}
