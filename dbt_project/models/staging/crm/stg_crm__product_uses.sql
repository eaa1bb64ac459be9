-- Grain: one row per source system, account_id, product_id and used_on; the newest version of each.
{{ staged('crm.product_uses') }}
