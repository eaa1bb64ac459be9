-- Grain: one row a source system and payment_id; the newest version of each.
{{ staged('billing.payments', default_currency=true) }}
