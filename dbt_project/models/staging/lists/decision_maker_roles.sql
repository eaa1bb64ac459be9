-- Grain: one row per word: the list's rows over the defaults.
{{ list_over_defaults('decision_maker_roles') }}
