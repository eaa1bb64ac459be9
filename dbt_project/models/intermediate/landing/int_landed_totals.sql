-- Grain: one row a file, contract, entity, measure (rows, a money column, seconds) and currency: what the raw store holds
-- of it and how much of that is current: in staging, or the newest version of a row that begins after the run's day. The
-- rest has a newer version. One scan of raw and one of staging an entity. Money stands under the row's currency, else the run's default, as in
-- staging; rows and seconds stand under ''.
with run as (
    select * from {{ ref('int_run_dated') }}
),

{%- for entity_id, entity in landed_entities().items() %}
{%- set domain, name = entity_id.split('.') %}

{{ domain }}_{{ name }}_sums as (
    select *, false as is_current from ({{ entity_sums(entity_id, entity, source('raw', domain ~ '_' ~ name)) }}) as landed
    union all
    select *, true from ({{ entity_sums(entity_id, entity, ref('stg_' ~ domain ~ '__' ~ name)) }}) as staged
    {%- if entity.since or entity.of %}
    union all
    select *, true from (
        {{ entity_sums(entity_id, entity, '(' ~ not_begun(entity_id, entity_id == 'billing.invoices') ~ ')') }}
    ) as later
    {%- endif %}
),
{%- endfor %}

totals as (
    {%- for entity_id, entity in landed_entities().items() %}
    {%- set sums = entity_id | replace('.', '_') ~ '_sums' %}
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
        {{ sums }}.is_current,
        {{ sums }}.newest_event_at
    from {{ sums }}
    cross join (values ('rows'){% for measure in entity.measures %}, ('{{ measure }}'){% endfor %}) as measures (measure)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    file_sha256,
    contract,
    split_part(entity_id, '.', 1) as domain,
    split_part(entity_id, '.', 2) as entity,
    measure,
    case when {{ is_money_measure('measure') }} then currency else '' end as currency,
    cast(coalesce(sum(total) filter (where not is_current), 0) as decimal(38, 4)) as landed_total,
    cast(coalesce(sum(total) filter (where is_current), 0) as decimal(38, 4)) as current_total,
    max(newest_event_at) as newest_event_at
from totals
group by all
