-- Grain: one row a source system and invoice_id, number; the newest version of each.
{{ staged('billing.instalments') }}
