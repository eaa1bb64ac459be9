-- Grain: one row per day that is a public holiday where the business is.
select
    day,
    min(name) as name
from {{ source('raw', 'holidays') }}
where day is not null
group by day
