-- Grain: one row a finding about a file. What landing wrote is clean already.
select * from {{ source('raw', 'landing_findings') }}
