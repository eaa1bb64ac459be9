-- Grain: one row a source system and account_id, owner_id, starts_on; the newest version of each.
{{ staged('crm.account_owners') }}
