-- Grain: one row per source system and activity_id; the newest version of each.
{{ staged('crm.activities') }}
