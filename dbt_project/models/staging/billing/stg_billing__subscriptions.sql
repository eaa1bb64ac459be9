-- Grain: one row a source system and subscription_id; the newest version of each.
{{ staged('billing.subscriptions', default_currency=true) }}
