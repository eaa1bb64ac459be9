-- Grain: one row of the list as it is now, closed months of commission.
{{ listed('commission_closings') }}
