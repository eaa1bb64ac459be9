-- Grain: one row per file, contract, entity, measure (rows, a money column, seconds) and currency: what the raw store holds
-- of it and how much of that is current: in staging, also as what a newer file that lacks the column leaves standing, or
-- the newest version of a row that begins after the run's day. The rest has a newer version. Money stands under the row's
-- currency, else the run's default, as in staging; rows and seconds stand under ''.
with run as (
    select * from {{ ref('int_run_dated') }}
),

{%- for entity_id, entity in landed_entities().items() %}
{%- set domain, name = entity_id.split('.') %}

{{ domain }}_{{ name }}_sums as (
    select *, false as is_current from ({{ entity_sums(entity_id, entity, source('raw', domain ~ '_' ~ name)) }}) as landed
    union all
    select *, true from (
        {{ entity_sums(entity_id, entity, ref('stg_' ~ domain ~ '__' ~ name), domain != 'lists') }}
    ) as staged
),
{%- endfor %}

totals as (
    {%- for entity_id, entity in landed_entities().items() %}
    {{- entity_totals(entity, entity_id | replace('.', '_') ~ '_sums') }}
    {%- if not entity_id.startswith('lists.') %}
    {{- kept_totals(entity_id, entity, ref('stg_' ~ entity_id | replace('.', '__'))) }}
    {%- endif %}
    union all
    {%- endfor %}
    select * from {{ ref('int_later_totals') }}
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
