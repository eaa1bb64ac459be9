-- Grain: one row of the list as it is now, when a team works.
{{ listed('opening_hours') }}
