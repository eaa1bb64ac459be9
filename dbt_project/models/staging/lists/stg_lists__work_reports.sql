-- Grain: one row of the list as it is now, reports on one's own work.
{{ listed('work_reports') }}
