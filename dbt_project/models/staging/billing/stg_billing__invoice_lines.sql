-- Grain: one row a source system and line_id; the newest version of each.
{{ staged('billing.invoice_lines') }}
