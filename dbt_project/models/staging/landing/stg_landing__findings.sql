-- Grain: one row per finding about a file. What landing wrote is clean already.
select * from {{ source('raw', 'landing_findings') }}
