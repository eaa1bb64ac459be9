-- Grain: one row per source system and case_id, event, occurred_at; the newest version of each.
{{ staged('crm.case_events') }}
