-- Grain: one row of the list as it is now, part time.
{{ listed('working_times') }}
