-- Grain: one row per snapshot day (week end, month end, as-of date) and account that has anything open, over-applied or
-- unapplied on it: what it owes and what waits of it, all its currencies in base currency (R1, R4). Every figure of an account
-- over its currencies is this row's.
{{ config(materialized='held_view') }}

with balances as (
    select balances.*, {{ money('balances.disputed_amount * rates.rate') }} as disputed_amount_base
    from {{ ref('fct_receivable_balances') }} as balances
    left join {{ ref('int_fx_rates_dated') }} as rates
        on balances.currency = rates.currency and balances.as_of_date = rates.rate_date
)

select
    as_of_date,
    account_id,
    base_currency,
    {%- for amount in ['open', 'overdue', 'unapplied', 'disputed'] %}
    {{ known_sum(amount ~ '_amount_base', amount ~ '_amount') }} as {{ amount }}_amount,
    count(*) filter (where {{ amount }}_amount <> 0 and {{ amount }}_amount_base is null) as unknown_{{ amount }}_count,
    {%- endfor %}
    cast(sum(missing_rate_count) as bigint) as missing_rate_count
from balances
group by as_of_date, account_id, base_currency
