-- Grain: one row a source system and activity_id; the newest version of each.
{{ staged('crm.activities') }}
