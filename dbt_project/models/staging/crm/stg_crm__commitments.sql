-- Grain: one row per source system and commitment_id; the newest version of each.
{{ staged('crm.commitments', default_currency=true) }}
