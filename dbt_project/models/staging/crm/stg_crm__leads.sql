-- Grain: one row a source system and lead_id; the newest version of each.
{{ staged('crm.leads') }}
