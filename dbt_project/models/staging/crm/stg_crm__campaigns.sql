-- Grain: one row a source system and campaign_id; the newest version of each.
{{ staged('crm.campaigns', default_currency=true) }}
