-- Grain: one row a source system and employee_id, starts_on; the newest version of each.
{{ staged('plan.absences') }}
