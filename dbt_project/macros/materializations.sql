{#- Tables and views made in one statement, and held to what their YAML says of them: the contract's columns and types,
    and the keys, in dbt's own words (`constraints`): `primary_key` are columns that no two rows share and none leaves
    out, `unique` columns that no two rows share where NULL is a value like another, `not_null` columns that have one; and
    the codes and the range that a column may hold (`meta: {codes: [...]}`, `meta: {range: [0, null]}`). A model that breaks them fails by itself, so that nothing
    is built on it, and says what is wrong. Its descriptions become comments, all in one statement.

    A build works on a file that nobody reads before it is published: it needs none of what dbt-duckdb's `table` and
    `view` do for readers (build under another name, rename the old away, rename the new in, drop the old), no second
    planning of the query to learn its columns, no index in memory a key, and no test node a key. -#}
{% materialization held_table, adapter='duckdb', supported_languages=['sql'] %}
    {{ return(made_and_held('table')) }}
{% endmaterialization %}

{% materialization held_view, adapter='duckdb', supported_languages=['sql'] %}
    {{ return(made_and_held('view')) }}
{% endmaterialization %}

{#- All of it goes to the database at once, in the transaction of the model: dbt takes longer to send a statement than
    DuckDB to run most of them, and to make a table of its own of what comes back. -#}
{% macro made_and_held(type) -%}
    {%- set before = load_cached_relation(this) -%}
    {%- set made = this.incorporate(type=type) -%}
    {%- if before is not none and before.type != type -%}
        {%- do drop_relation(before) -%}
    {%- endif -%}
    {%- set keys = declared_keys() -%}
    {%- set rules = [] -%}
    {%- for key in keys.parts -%}{%- do rules.append(broken_key(made, key, keys.needed)) -%}{%- endfor -%}
    {%- do rules.append(unknown_codes(made)) -%}
    {%- do rules.append(left_ranges(made)) -%}
    {%- set rules = rules | map('trim') | select | list -%}
    {%- set statements -%}
        create or replace {{ type }} {{ made }} as ({{ told_by_feeds(compiled_code) }});
        {%- if config.get('contract').enforced %}{{ broken_contract(made) }}{% endif -%}
        /* It is made. */
        {{ comments_on(made) }}
        /* It is told of. */
        {%- for hook in pre_hooks + post_hooks %}
        {{ render(hook.sql) | trim }};
        {%- endfor %}
        /* Its rows hold to: */
        {{ rules | join('\nunion all\n') }}
    {%- endset -%}
    {%- do write(statements) -%}
    {%- set found = rows_of(statements, auto_begin=true) -%}
    {%- set wrong = [] -%}
    {%- for said, more in (found if rules else []) -%}
        {%- for rest in (rows_of(more) if more else [['']]) -%}{%- do wrong.append(said ~ rest[0]) -%}{%- endfor -%}
    {%- endfor -%}
    {%- if wrong -%}
        {%- do exceptions.raise_compiler_error(model.name ~ ' ' ~ wrong | join('; ')) -%}
    {%- endif -%}
    {%- do store_raw_result('main', message='OK', code='OK', rows_affected=none) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [made]}) }}
{%- endmacro %}

{#- The rows that the last of some statements gives, as tuples. -#}
{% macro rows_of(statements, auto_begin=false) -%}
    {%- set connection, cursor = adapter.add_query(statements, auto_begin=auto_begin) -%}
    {{ return(cursor.fetchall()) }}
{%- endmacro %}

{#- A model's query, in which a column that is told by feeds alone (`meta: {feeds: [crm.deals]}`) is unknown where none of them
    ever gave a row that was there on the day: who exports no deals has not "0 deals". A feed is an entity of
    pipelines/entities.yml, and what it gave is what staging has of it. -#}
{% macro told_by_feeds(query) -%}
    {%- set named = [] -%}
    {%- for column in model['columns'].values() -%}
        {%- do named.extend(column.meta.get('feeds', [])) -%}
    {%- endfor -%}
    {%- if not named -%}{{ return(query) }}{%- endif -%}
    {%- set landed = [] -%}
    {%- for feed in named | unique -%}
        {%- do landed.append("select '" ~ feed ~ "' where exists (select 1 from staging.stg_" ~ feed | replace('.', '__') ~ ')') -%}
    {%- endfor -%}
    {%- set given = rows_of(landed | join(' union all ')) | map('first') | list -%}
    {%- set unknown = [] -%}
    {%- for column in model['columns'].values() if column.meta.get('feeds') -%}
        {%- if not column.meta.feeds | select('in', given) | list -%}
            {%- do unknown.append('cast(null as ' ~ column.data_type ~ ') as ' ~ column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('select * replace (' ~ unknown | join(', ') ~ ') from (' ~ query ~ '\n) as told' if unknown else query) }}
{%- endmacro %}

{#- A statement that fails where a relation has other columns or other types than the model's YAML declares, and names them. -#}
{% macro broken_contract(relation) %}
        select error('{{ model.name }} breaks its contract: ' || string_agg(said, '; ' order by said))
        from (
            select
                coalesce(made.column_name, declared.column_name) || ': the query gives '
                || coalesce(made.column_type, 'no such column') || ', the contract says '
                || coalesce(declared.column_type, 'no such column') as said
            from (describe {{ relation }}) as made
            full outer join (
                describe select
                {%- for column in model['columns'].values() %}
                    cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
                {%- endfor %}
            ) as declared on made.column_name = declared.column_name
            where made.column_type is distinct from declared.column_type
        )
        having count(*) > 0;
{%- endmacro %}

{#- The keys of a model (`parts`), and the columns that every row needs. -#}
{% macro declared_keys() -%}
    {%- set keys = {'parts': [], 'needed': []} -%}
    {%- for constraint in model['constraints'] -%}
        {%- do keys.parts.append(constraint.columns) if constraint.type in ('primary_key', 'unique') -%}
        {%- do keys.needed.extend(constraint.columns) if constraint.type in ('primary_key', 'not_null') -%}
    {%- endfor -%}
    {{ return(keys) }}
{%- endmacro %}

{#- One row where the rows of a relation break a key, or a column that may not be missing is, and the query that says how often,
    with an example and, of a relation whose rows say so, where they come from: ` (file, line 3; file, line 4)`. Keys are
    told apart by their hashes, which takes less than the keys do; where two keys share one, the query finds nothing. -#}
{% macro broken_key(relation, key, needed) %}
    {%- set found -%}
        select
            keys || ' times, such as ' || example || ' in ' || rows_of_key || ' rows'
            {%- if '_file' in model['columns'] and '_row' in model['columns'] %}
            || (
                select ' (' || string_agg(_file || ', line ' || _row, '; ' order by _file, _row) || ')'
                from {{ relation }} where {{ text_of(key) }} = broken.example
            )
            {%- endif %}
        from (
            select count(*) over () as keys, count(*) as rows_of_key, {{ text_of(key) }} as example
            from {{ relation }}
            group by {{ key | join(', ') }}
            having count(*) > 1
                {%- for column in key if column in needed %} or {{ column }} is null{% endfor %}
            limit 1
        ) as broken
    {%- endset %}
    select 'breaks its key ({{ key | join(', ') }}) ' as said, '{{ found | replace("'", "''") }}' as more
    from {{ relation }}
    having count(distinct hash({{ key | join(', ') }})) < count(*)
        {%- for column in key if column in needed %} or count({{ column }}) < count(*){% endfor %}
{% endmacro %}

{#- A row's key in one text. -#}
{% macro text_of(key) -%}
concat_ws(', '{% for column in key %}, coalesce(cast({{ column }} as varchar), 'NULL'){% endfor %})
{%- endmacro %}

{#- One row where a column whose codes are declared (`meta: {codes: [...]}`) holds another one, alone or in a list with commas
    between: pages and reports would have no words for it. `is_open` leaves room for what an export or a list adds. -#}
{% macro unknown_codes(relation) %}
    {%- for column in model['columns'].values() if column.meta.get('codes') and not column.meta.get('is_open') %}
    {%- if loop.first %}
    select
        'holds codes that its YAML does not name: ' || string_agg(column_name || ' ' || code, ', ' order by column_name, code) as said,
        null as more
    from (
    {%- else %}
        union all
    {%- endif %}
        select '{{ column.name }}' as column_name, code
        from (
            select distinct unnest(string_split(codes, ',')) as code
            from (select distinct {{ column.name }} as codes from {{ relation }})
        ) as {{ column.name }}_codes
        where code not in ('', '{{ column.meta.codes | join("', '") }}')
    {%- if loop.last %}
    )
    having count(*) > 0
    {%- endif %}
    {%- endfor %}
{% endmacro %}

{#- One row where a number lies outside of the range that its column declares (`meta: {range: [0, 1]}`; null is no bound), or is
    no number (a double may be infinite or NaN), with the least and the most. What cents and floats round away is let be. -#}
{% macro left_ranges(relation) %}
    {%- set checks = [] -%}
    {%- for column in model['columns'].values() if column.meta.get('range') -%}
        {%- set lowest, highest = column.meta.range -%}
        {%- set least, most = 'min(' ~ column.name ~ ')', 'max(' ~ column.name ~ ')' -%}
        {%- set wrong = [] -%}
        {%- if lowest is not none -%}{%- do wrong.append(least ~ ' < ' ~ lowest ~ ' - 1e-3') -%}{%- endif -%}
        {%- if highest is not none -%}{%- do wrong.append(most ~ ' > ' ~ highest ~ ' + 1e-3') -%}{%- endif -%}
        {%- if column.data_type | lower == 'double' -%}
            {%- do wrong.append('not isfinite(' ~ least ~ ') or not isfinite(' ~ most ~ ')') -%}
        {%- endif -%}
        {%- if wrong -%}
            {%- do checks.append(
                'case when ' ~ wrong | join(' or ') ~ " then '" ~ column.name ~ " from ' || " ~ least ~ " || ' to ' || " ~ most ~ ' end') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if checks %}
    select
        'leaves the range that its YAML declares: ' || nullif(concat_ws(', ', {{ checks | join(',\n            ') }}), '') as said,
        null as more
    from {{ relation }}
    having said is not null
    {%- endif %}
{% endmacro %}

{#- A model's descriptions as comments, which any SQL client shows. -#}
{% macro comments_on(relation) -%}
    {%- if config.persist_relation_docs() and model.description -%}
        comment on {{ relation.type }} {{ relation }} is '{{ model.description | trim | replace("'", "''") }}';
    {%- endif -%}
    {%- if config.persist_column_docs() -%}
        {%- set whole = relation | string -%}
        {%- for column in model['columns'].values() if column.description %}
        comment on column {{ whole }}."{{ column.name }}" is '{{ column.description | trim | replace("'", "''") }}';
        {%- endfor -%}
    {%- endif %}
{% endmacro %}
