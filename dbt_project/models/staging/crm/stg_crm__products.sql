-- Grain: one row a source system and product_id; the newest version of each.
{{ staged('crm.products', default_currency=true) }}
