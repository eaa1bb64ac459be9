-- Grain: one row of the list as it is now, account links.
{{ listed('account_links') }}
