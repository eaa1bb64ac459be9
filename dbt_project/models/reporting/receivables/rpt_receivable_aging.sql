-- Grain: one row a snapshot date, account and currency.
-- A projection of fct_receivable_balances with the account's name.
{{ config(materialized='view') }}

with balances as (
    select * from {{ ref('fct_receivable_balances') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
)

select
    balances.account_id,
    accounts.account_name,
    accounts.owner_id,
    balances.currency,
    {%- for bucket in aging_buckets() %}
    balances.{{ bucket[0] }},
    {%- endfor %}
    balances.open_amount,
    balances.credit_amount,
    balances.overdue_amount,
    balances.unapplied_amount,
    balances.net_amount,
    balances.disputed_amount,
    balances.open_amount_base,
    balances.overdue_amount_base,
    balances.unapplied_amount_base,
    balances.base_currency,
    cast(balances.missing_rate_count as bigint) as missing_rate_count,
    balances.as_of_date
from balances
left join accounts on balances.account_id = accounts.account_id
