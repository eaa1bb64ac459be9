-- Grain: one row a source system and employee_id; the newest version of each.
with newest as (
    {{ newest_version('crm_employees', ['employee_id']) }}
)

select
    employee_id,
    full_name,
    email,
    phone_extension,
    grade,
    role_profile,
    team,
    region,
    manager_id,
    active_from,
    active_to,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
