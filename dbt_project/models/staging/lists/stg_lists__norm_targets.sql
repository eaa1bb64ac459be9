-- Grain: one row of the list as it is now, norms of roles and grades.
{{ listed('norm_targets') }}
