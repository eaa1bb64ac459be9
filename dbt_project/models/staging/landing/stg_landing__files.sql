-- Grain: one row a landed file and entity. What landing wrote is clean already.
select * from {{ source('raw', 'landing_files') }}
