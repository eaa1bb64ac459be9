-- Grain: one row of the list as it is now, account plans.
{{ listed('account_plans') }}
