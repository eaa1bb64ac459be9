-- Grain: one row per landed file, part and column whose header changed.
select
    file_sha256,
    file,
    part,
    contract,
    column_name,
    event,
    action,
    target
from {{ ref('stg_landing__schema_events') }}
