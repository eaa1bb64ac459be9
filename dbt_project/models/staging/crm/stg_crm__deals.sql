-- Grain: one row a source system and deal_id; the newest version of each.
{{ staged('crm.deals', default_currency=true) }}
