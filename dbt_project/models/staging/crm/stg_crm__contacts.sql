-- Grain: one row a source system and contact_id; the newest version of each.
{{ staged('crm.contacts') }}
