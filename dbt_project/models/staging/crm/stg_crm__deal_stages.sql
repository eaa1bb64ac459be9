-- Grain: one row a source system and deal_id, stage, entered_at; the newest version of each.
{{ staged('crm.deal_stages') }}
