-- Grain: one row per source system and customer_id; the newest version of each.
{{ staged('billing.customers') }}
