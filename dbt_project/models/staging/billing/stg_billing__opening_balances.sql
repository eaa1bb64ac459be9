-- Grain: one row a source system and customer_id, currency, as_of; the newest version of each.
{{ staged('billing.opening_balances', default_currency=true) }}
