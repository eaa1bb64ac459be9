-- Grain: one row of the list as it is now, service targets.
{{ listed('service_targets') }}
