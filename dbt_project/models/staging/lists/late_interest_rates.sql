-- Grain: one row per currency: the list's rows over the defaults.
{{ list_over_defaults('late_interest_rates', {'percent_a_year': 'decimal(9, 4)', 'fee': 'decimal(18, 4)'}) }}
