-- Grain: one row per landed file and entity. What landing wrote is clean already.
select * from {{ source('raw', 'landing_files') }}
