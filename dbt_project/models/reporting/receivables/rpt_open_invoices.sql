-- Grain: one row per invoice and instalment that is open on the as-of date (R1, R4, R5, R25, R27).
-- open_invoices(as_of) gives any other day.
{{ config(post_hook="{{ table_macro('open_invoices', ['as_of'], open_invoices_at(run_at('as_of'))) }}") }}

{{ open_invoices_at('select as_of_date, base_currency from ' ~ ref('int_run_dated')) }}
