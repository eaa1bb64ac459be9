-- Grain: one row a file, entity, source system, measure and currency. What landing wrote is clean already.
select * from {{ source('raw', 'landing_totals') }}
