-- Grain: one row per source system and delivery_id; the newest version of each.
{{ staged('billing.deliveries') }}
