-- Grain: one row of the list as it is now, reasons of cases.
{{ listed('claim_reasons') }}
