-- Grain: one row a source system and account_id, month, cost_kind; the newest version of each.
{{ staged('plan.costs', default_currency=true) }}
