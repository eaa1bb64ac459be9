-- Grain: one row of the list as it is now, account startup answers.
{{ listed('account_startup_answers') }}
