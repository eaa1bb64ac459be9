-- Grain: one row a currency and day on which a rate is known: base units for one unit of the currency.
{{ config(materialized='held_view') }}

select currency, rate_date, rate from {{ ref('int_fx_rates_dated') }}
