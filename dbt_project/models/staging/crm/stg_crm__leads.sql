-- Grain: one row per source system and lead_id; the newest version of each.
{{ staged('crm.leads') }}
