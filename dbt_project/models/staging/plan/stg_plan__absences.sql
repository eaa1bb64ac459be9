-- Grain: one row a source system and employee_id, starts_on; the newest version of each.
with newest as (
    {{ newest_version('plan_absences', ['employee_id', 'starts_on']) }}
)

select
    employee_id,
    starts_on,
    ends_on,
    substitute_id,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
