-- Grain: one row of the list as it is now, parameters.
{{ listed('parameters') }}
