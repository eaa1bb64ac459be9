-- Grain: one row of the list as it is now, shares in deals.
{{ listed('commission_shares') }}
