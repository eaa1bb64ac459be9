-- Grain: one row per file, part and column that is new, missing, renamed or re-typed. What landing wrote is clean already.
select * from {{ source('raw', 'landing_schema_events') }}
