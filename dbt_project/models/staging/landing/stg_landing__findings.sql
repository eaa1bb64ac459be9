-- Grain: one row per finding about a file; what is said of several of its entities is said once.
select distinct * from {{ source('raw', 'landing_findings') }}
