{#- The currency under which a row is totalled: as staging has it, where a row without one takes the run's default. -#}
{% macro total_currency(column, default_currency) -%}
coalesce(nullif({{ column }}, ''), {{ default_currency }})
{%- endmacro %}

{#- Whether a control total's measure is money: rows and seconds are in no currency. -#}
{% macro is_money_measure(measure) -%}
({{ measure }} <> 'rows' and {{ measure }} not like '%_seconds')
{%- endmacro %}

{#- One entity's landed rows of a relation added up: rows, money and seconds, and the newest event, per file, contract
    and currency. Of rows of staging (`is_staged`) their file's own amounts: what is kept of an older file is that one's. -#}
{% macro entity_sums(entity_id, entity, relation, is_staged=false) %}
    select
        rows_of_file._file_sha256 as file_sha256,
        rows_of_file._source as contract,
        '{{ entity_id }}' as entity_id,
        {% if not entity.has_currency %}''
        {%- elif is_staged %}
        case
            when rows_of_file._kept['currency'] is null
                then {{ total_currency('rows_of_file.currency', 'run.default_currency') }}
            else run.default_currency
        end
        {%- else %}{{ total_currency('rows_of_file.currency', 'run.default_currency') }}
        {%- endif %} as currency,
        count(*) as row_count,
        {%- for measure in entity.measures %}
        cast(coalesce(sum(rows_of_file.{{ measure }})
            {%- if is_staged %} filter (where rows_of_file._kept['{{ measure }}'] is null){% endif %}, 0) as decimal(38, 4))
            as {{ measure }},
        {%- endfor %}
        {{ newest_event(entity) }} as newest_event_at
    from {{ relation }} as rows_of_file
    cross join run
    group by all
{% endmacro %}

{#- What rows of staging keep of older files, added up per such file, contract and currency, as `entity_totals`. -#}
{% macro kept_totals(entity_id, entity, relation) %}
    {%- for measure in entity.measures %}
    union all
    select
        kept._kept['{{ measure }}'].file_sha256,
        kept._kept['{{ measure }}'].contract,
        '{{ entity_id }}',
        '{{ measure }}',
        {% if entity.has_currency %}{{ total_currency('kept.currency', 'run.default_currency') }}{% else %}''{% endif %},
        cast(sum(kept.{{ measure }}) as decimal(38, 4)),
        cast(null as timestamp with time zone),
        true
    from {{ relation }} as kept
    cross join run
    where kept._kept['{{ measure }}'] is not null
    group by all
    {%- endfor %}
{% endmacro %}

{#- The measures of `entity_sums`, one row each. -#}
{% macro entity_totals(entity, sums) %}
    select
        {{ sums }}.file_sha256,
        {{ sums }}.contract,
        {{ sums }}.entity_id,
        measures.measure,
        {{ sums }}.currency,
        case measures.measure
            when 'rows' then {{ sums }}.row_count
            {%- for measure in entity.measures %}
            when '{{ measure }}' then {{ sums }}.{{ measure }}
            {%- endfor %}
        end as total,
        {{ sums }}.newest_event_at,
        {{ sums }}.is_current
    from {{ sums }}
    cross join (values ('rows'){% for measure in entity.measures %}, ('{{ measure }}'){% endfor %}) as measures (measure)
{% endmacro %}

{#- The newest moment on or before the as-of date that an entity's columns speak of; NULL when none tells one. -#}
{% macro newest_event(entity) -%}
{%- set found = [] -%}
{%- for column in entity.fresh -%}
    {%- if column in entity.moments -%}
        {%- do found.append("max(rows_of_file." ~ column ~ ") filter (where rows_of_file." ~ column ~ " < run.ends_at)") -%}
    {%- else -%}
        {%- do found.append("max(" ~ start_of_day('rows_of_file.' ~ column, 'run.business_timezone')
            ~ ") filter (where rows_of_file." ~ column ~ " <= run.as_of_date)") -%}
    {%- endif -%}
{%- endfor -%}
{%- if not found -%}cast(null as timestamp)
{%- elif found | length == 1 -%}{{ found[0] }}
{%- else -%}{{ greatest_known(*found) }}
{%- endif -%}
{%- endmacro %}

{#- A row's natural key in one text. -#}
{% macro row_key(key, relation) -%}
{%- for column in key -%}
coalesce(cast({{ relation }}.{{ column }} as varchar(1000)), '') {%- if not loop.last %} || ' · ' || {% endif -%}
{%- endfor -%}
{%- endmacro %}

{#- The columns of every landed entity that its exports fill, by the name of its raw table. In one query: asking for each
    table's columns takes dbt a second in all. -#}
{% macro raw_columns() -%}
{%- set found = {} -%}
{%- if execute %}
{%- set columns -%}
    select table_name, column_name from duckdb_columns()
    where schema_name = 'raw' and not starts_with(column_name, '_')
    order by table_name, column_index
{%- endset -%}
{%- for table, column in run_query(columns).rows -%}
    {%- do found.setdefault(table, []).append(column) -%}
{%- endfor -%}
{%- endif %}
{{ return(found) }}
{%- endmacro %}

{#- What a finding may speak of, besides its file and code: each with its type. -#}
{% macro finding_fact_types() -%}
{{ return({
    'contract': 'varchar', 'entity': 'varchar', 'column_name': 'varchar', 'name': 'varchar', 'said': 'varchar',
    'line': 'bigint', 'last_line': 'bigint', 'row_count': 'bigint', 'other_count': 'bigint', 'limit_count': 'bigint',
    'lowest': 'decimal(18, 8)', 'highest': 'decimal(18, 8)', 'first_on': 'date', 'last_on': 'date'
}) }}
{%- endmacro %}

{#- All facts of a finding: those that are given as SQL, the others unknown. -#}
{% macro finding_facts(given) -%}
{%- for fact, type in finding_fact_types().items() -%}
cast({{ given.get(fact, 'null') }} as {{ type }}) as {{ fact }}{{ ',' if not loop.last }}
{% endfor -%}
{%- endmacro %}
