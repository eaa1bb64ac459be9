-- Grain: one row a source system and employee_id, metric, period_start; the newest version of each.
with newest as (
    {{ newest_version('plan_targets', ['employee_id', 'metric', 'period_start']) }}
)

select
    employee_id,
    metric,
    period_start,
    target,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
