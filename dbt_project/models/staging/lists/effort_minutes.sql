-- Grain: one row per type of activity: the list's rows over the defaults.
{{ list_over_defaults('effort_minutes', {'minutes': 'double'}) }}
