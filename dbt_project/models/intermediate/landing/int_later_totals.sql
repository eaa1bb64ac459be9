-- Grain: one row per file, contract, entity, measure and currency: the newest versions of rows that begin after the run's
-- day, which staging leaves out.
with run as (
    select * from {{ ref('int_run_dated') }}
)

{%- set later = [] %}
{%- for entity_id, entity in landed_entities().items() if entity.since or entity.of %}
{%- do later.append((entity, entity_id | replace('.', '_') ~ '_sums')) %},

{{ entity_id | replace('.', '_') }}_sums as (
    select *, true as is_current from (
        {{ entity_sums(entity_id, entity, '(' ~ not_begun(entity_id, entity_id == 'billing.invoices') ~ ')') }}
    ) as later
)
{%- endfor %}

{% for entity, sums in later %}
{{- entity_totals(entity, sums) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
