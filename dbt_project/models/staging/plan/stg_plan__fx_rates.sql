-- Grain: one row a source system and currency, rate_date; the newest version of each.
{{ staged('plan.fx_rates') }}
