-- Grain: one row per tier: the list's rows over the defaults.
{{ list_over_defaults('contact_cadences', {'days': 'double'}) }}
