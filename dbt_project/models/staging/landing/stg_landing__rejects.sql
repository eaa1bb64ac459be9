-- Grain: one row a rejected row. What landing wrote is clean already.
select * from {{ source('raw', 'landing_rejects') }}
