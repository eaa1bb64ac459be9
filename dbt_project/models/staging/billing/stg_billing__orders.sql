-- Grain: one row a source system and order_id; the newest version of each.
{{ staged('billing.orders', default_currency=true) }}
