-- Grain: one row per source system and promise_id; the newest version of each.
{{ staged('billing.promises') }}
