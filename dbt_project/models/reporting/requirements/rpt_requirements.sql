-- Grain: one row per requirement of the source documents, in their order: what meets it, and how far (seed requirements).
with requirements as (
    select * from {{ ref('requirements') }}
)

select
    requirement_id,
    area,
    cast(
        row_number() over (
            order by substr(requirement_id, 1, 1), cast(substr(requirement_id, 2) as integer)
        ) as bigint
    ) as position,
    requirement,
    origin,
    state,
    feed,
    met_by,
    note
from requirements
