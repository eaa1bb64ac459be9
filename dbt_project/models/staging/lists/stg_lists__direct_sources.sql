-- Grain: one row of the list as it is now, direct sources.
{{ listed('direct_sources') }}
