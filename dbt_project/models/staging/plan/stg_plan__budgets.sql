-- Grain: one row a source system and account_id, month; the newest version of each.
{{ staged('plan.budgets', default_currency=true) }}
