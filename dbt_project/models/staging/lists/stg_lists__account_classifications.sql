-- Grain: one row of the list as it is now, account classifications.
{{ listed('account_classifications') }}
