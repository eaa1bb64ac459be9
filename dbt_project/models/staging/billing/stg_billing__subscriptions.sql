-- Grain: one row per source system and subscription_id; the newest version of each, also of one that its newest full export no
-- longer holds (vanished_on): it was there until then.
{{ staged('billing.subscriptions', default_currency=true, keep_vanished=true) }}
