-- Grain: one row a source system and dunning_id; the newest version of each.
{{ staged('billing.dunning_events') }}
