-- Grain: one row of the list as it is now, key account decisions.
{{ listed('key_account_decisions') }}
