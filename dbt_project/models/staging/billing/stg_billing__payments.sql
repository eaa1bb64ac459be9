-- Grain: one row per source system and payment_id; the newest version of each.
{{ staged('billing.payments', default_currency=true) }}
