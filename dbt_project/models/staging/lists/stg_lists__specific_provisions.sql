-- Grain: one row of the list as it is now, specific provisions.
{{ listed('specific_provisions') }}
