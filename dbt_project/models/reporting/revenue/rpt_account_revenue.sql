-- Grain: one row per account, basis (mrr, invoiced) and month: what rpt_revenue_retention adds up, account by account
-- (V1 to V3).
{{ config(materialized='held_view') }}

select
    account_id,
    owner_id,
    basis,
    base_currency,
    movement,
    year_movement as movement_12m,
    invoice_status,
    revenue,
    opening_revenue,
    closing_revenue,
    -- Where the two cannot be compared, the account opened with what it closed with: that is no change of nought.
    case
        when is_named and missing_rate_count + unpriced_count = 0 then {{ money('closing_revenue - opening_revenue') }}
    end
        as revenue_change,
    currency_effect,
    year_revenue as revenue_12m,
    year_opening_revenue as opening_revenue_12m,
    year_closing_revenue as closing_revenue_12m,
    case
        when is_named and year_missing_count + year_unknown_count = 0
            then {{ money('year_closing_revenue - year_opening_revenue') }}
    end
        as revenue_change_12m,
    invoices,
    missing_rate_count,
    unpriced_count,
    year_missing_count as missing_rate_count_12m,
    is_contract,
    is_complete,
    month
from {{ ref('fct_account_revenue') }}
