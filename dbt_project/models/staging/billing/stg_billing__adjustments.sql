-- Grain: one row a source system and adjustment_id; the newest version of each.
{{ staged('billing.adjustments') }}
