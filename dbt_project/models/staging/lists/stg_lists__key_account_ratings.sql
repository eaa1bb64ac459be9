-- Grain: one row of the list as it is now, key account ratings.
{{ listed('key_account_ratings') }}
