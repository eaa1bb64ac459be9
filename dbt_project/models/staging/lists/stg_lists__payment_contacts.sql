-- Grain: one row of the list as it is now, payment contacts.
{{ listed('payment_contacts') }}
