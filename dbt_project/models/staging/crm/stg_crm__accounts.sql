-- Grain: one row per source system and account_id; the newest version of each.
{{ staged('crm.accounts') }}
