-- Grain: one row of the list as it is now, late interest rates.
{{ listed('late_interest_rates') }}
