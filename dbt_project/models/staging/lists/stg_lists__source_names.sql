-- Grain: one row of the list as it is now, names of sources.
{{ listed('source_names') }}
