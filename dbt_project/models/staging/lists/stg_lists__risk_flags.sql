-- Grain: one row of the list as it is now, risk flags.
{{ listed('risk_flags') }}
