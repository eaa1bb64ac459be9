-- Grain: one row of the list as it is now, decision maker roles.
{{ listed('decision_maker_roles') }}
