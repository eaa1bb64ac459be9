-- Grain: one row per source: the list's rows over the defaults.
{{ list_over_defaults('direct_sources') }}
