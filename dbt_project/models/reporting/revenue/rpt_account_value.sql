-- Grain: one row per account, as of the as-of date: what it has been worth in cash (V10), what it may be worth yet
-- (V11), how it pays (V17), and its place among all by revenue (V15).
{{ config(materialized='held_view') }}

select
    account_id,
    base_currency,
    segment,
    rfm_segment,
    cash_applied,
    refunds,
    write_offs,
    direct_cost,
    clv_historic,
    tax_in_cash,
    clv_historic_net_of_tax,
    margin_per_month,
    churn_basis,
    monthly_churn,
    clv_predicted,
    clv_low,
    clv_high,
    payments,
    paid_amount,
    recency_score,
    frequency_score,
    monetary_score,
    revenue_12m,
    revenue_rank,
    revenue_share,
    revenue_share_so_far,
    missing_rate_count,
    is_revenue_based,
    days_since_payment,
    last_payment_on,
    as_of_date
from {{ ref('fct_account_values') }}
