-- Grain: one row per edge of a user's own ageing (R5): the list's rows over the defaults.
{{ list_over_defaults('aging_edges', {'edge_days': 'integer'}, whole=true) }}
