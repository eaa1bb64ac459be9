-- Grain: one row of the list as it is now, rates of commission.
{{ listed('commission_plans') }}
