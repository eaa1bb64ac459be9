-- Grain: one row a source system and account_id; the newest version of each.
{{ staged('crm.accounts') }}
