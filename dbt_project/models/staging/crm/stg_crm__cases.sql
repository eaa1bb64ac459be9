-- Grain: one row per source system and case_id; the newest version of each.
{{ staged('crm.cases') }}
