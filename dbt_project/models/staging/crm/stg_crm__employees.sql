-- Grain: one row per source system and employee_id; the newest version of each.
{{ staged('crm.employees') }}
