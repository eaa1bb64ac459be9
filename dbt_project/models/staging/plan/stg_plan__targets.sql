-- Grain: one row a source system and employee_id, metric, period_start; the newest version of each.
{{ staged('plan.targets') }}
