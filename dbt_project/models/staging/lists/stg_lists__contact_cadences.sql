-- Grain: one row of the list as it is now, contact cadences.
{{ listed('contact_cadences') }}
