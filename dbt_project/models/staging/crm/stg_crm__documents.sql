-- Grain: one row a source system and document_id; the newest version of each.
{{ staged('crm.documents', default_currency=true) }}
