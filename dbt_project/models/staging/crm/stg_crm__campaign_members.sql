-- Grain: one row per source system and member_id; the newest version of each.
{{ staged('crm.campaign_members') }}
