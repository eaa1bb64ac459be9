-- Grain: one row of the list as it is now, effort minutes.
{{ listed('effort_minutes') }}
