-- Grain: one row a source system and case_id; the newest version of each.
{{ staged('crm.cases') }}
