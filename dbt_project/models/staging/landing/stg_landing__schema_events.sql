-- Grain: one row per file, part and column that is new, missing, renamed or re-typed, and what was done about it.
select distinct * from {{ source('raw', 'landing_schema_events') }}
