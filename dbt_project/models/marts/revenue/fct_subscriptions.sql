-- Grain: one row a subscription, with what it is worth a month (V2) in its own currency by its last known price. It
-- runs from its first to its last day, both included. One that ends before it begins never ran and is left out.
{{ config(materialized='held_view') }}

select
    subscription_id,
    account_id,
    customer_id,
    product_id,
    currency,
    interval_unit,
    interval_count,
    unit_price,
    quantity,
    monthly_amount,
    started_on,
    ended_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _known_at
from {{ ref('fct_subscription_periods') }}
qualify row_number() over (partition by subscription_id order by period_number desc) = 1
