-- Grain: one row a source system and promise_id; the newest version of each.
{{ staged('billing.promises') }}
