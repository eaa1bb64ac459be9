-- Grain: one row per source system and stock_out_id; the newest version of each.
{{ staged('crm.stock_outs', default_currency=true) }}
