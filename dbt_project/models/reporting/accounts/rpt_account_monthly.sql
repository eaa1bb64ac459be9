-- Grain: one row an account and month, every month from the account's first to its last event up to the as-of date.
{{ config(materialized='view') }}

with months as (
    select * from {{ ref('fct_account_months') }} where is_within_activity
)

select
    account_id,
    owner_id,
    base_currency,
    status,
    net_revenue,
    collected,
    open_amount_end,
    overdue_amount_end,
    won_deals,
    won_amount,
    two_way_contacts,
    inbound_calls,
    outbound_calls,
    cost,
    {{ money('net_revenue - cost') }} as margin,
    budget,
    {{ money('net_revenue - budget') }} as budget_variance,
    1 - {{ ratio('listed_net', 'list_amount') }} as effective_discount,
    missing_rate_count,
    month
from months
