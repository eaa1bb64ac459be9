-- Grain: one row per source system and contact_id; the newest version of each.
{{ staged('crm.contacts') }}
