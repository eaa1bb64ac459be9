-- Grain: one row per file, contract, entity, measure and currency: the newest versions of rows that begin after the run's
-- day, which staging leaves out.
{%- set entity_ids = [] %}
{%- for entity_id, entity in landed_entities().items() if entity.since or entity.of %}
{%- do entity_ids.append(entity_id) %}
{%- endfor %}
with run as (
    select * from {{ ref('int_run_dated') }}
),

{{ rows_ahead(entity_ids, keep_vanished=['billing.invoices']) }},

measured as (
    select
        _file_sha256,
        _source,
        entity_id,
        currency,
        unnest(totals) as said
    from rows_ahead
)

select
    _file_sha256 as file_sha256,
    _source as contract,
    entity_id,
    said.measure as measure,
    currency,
    cast(coalesce(sum(said.total), 0) as decimal(38, 4)) as total,
    -- They tell of nothing that has happened.
    cast(null as timestamp with time zone) as newest_event_at,
    true as is_current
from measured
group by all
