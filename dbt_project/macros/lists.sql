{#- A list of the home as it is now: its columns, and where each row stands. -#}
{% macro listed(name) -%}
{%- set place = ['_system', '_source', '_file', '_file_sha256', '_row', '_loaded_at', '_known_at'] -%}
select {{ (landed_entities()['lists.' ~ name].columns + place) | join(', ') }}
from {{ source('raw', 'lists_' ~ name) }}
{%- endmacro %}

{#- A list of the home over the seed of its defaults, with its columns: a row of the list takes the place of the default of
    its key, in letters of any case, and all other defaults stay; `whole`: once the list has a row, no default counts.
    `types`: what models reckon with, where it is not the type of the list's column. -#}
{% macro list_over_defaults(name, types={}, whole=false) -%}
{%- set entity = landed_entities()['lists.' ~ name] -%}
{%- set columns = [] -%}
{%- for column in entity.columns -%}
    {%- do columns.append('cast(' ~ column ~ ' as ' ~ types[column] ~ ') as ' ~ column if column in types else column) -%}
{%- endfor -%}
with own as (
    select * from {{ ref('stg_lists__' ~ name) }}
),

defaults as (
    select * from {{ ref(name ~ '_defaults') }}
),

standing as (
    select defaults.* from defaults
    where not exists (
        select 1 from own
        {%- if not whole %}
        where lower(cast(own.{{ entity.key[0] }} as varchar)) = lower(cast(defaults.{{ entity.key[0] }} as varchar))
        {%- endif %}
    )
)

select {{ columns | join(', ') }}, _file, _row from own
union all by name
select {{ columns | join(', ') }} from standing
{%- endmacro %}
