-- Grain: one row per landed file, part and column whose header is new, missing, renamed or re-typed.
select
    file_sha256,
    contract,
    file,
    part,
    column_name,
    event,
    action,
    target
from {{ ref('stg_landing__schema_events') }}
