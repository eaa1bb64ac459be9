-- Grain: one row of the list as it is now, aging edges.
{{ listed('aging_edges') }}
