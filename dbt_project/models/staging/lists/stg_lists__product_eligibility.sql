-- Grain: one row of the list as it is now, product eligibility.
{{ listed('product_eligibility') }}
