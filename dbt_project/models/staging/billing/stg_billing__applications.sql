-- Grain: one row a source system and application_id; the newest version of each.
{{ staged('billing.applications') }}
