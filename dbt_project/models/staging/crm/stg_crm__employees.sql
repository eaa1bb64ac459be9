-- Grain: one row a source system and employee_id; the newest version of each.
{{ staged('crm.employees') }}
