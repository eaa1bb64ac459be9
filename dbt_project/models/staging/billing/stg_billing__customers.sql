-- Grain: one row a source system and customer_id; the newest version of each.
{{ staged('billing.customers') }}
