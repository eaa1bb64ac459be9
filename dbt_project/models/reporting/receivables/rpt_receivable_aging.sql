-- Grain: one row per snapshot date, account and currency.
-- A projection of fct_receivable_balances with the account's name. receivable_aging(as_of) gives any other day.
{{ config(
    materialized='held_view',
    post_hook="{{ table_macro('receivable_aging', ['as_of'], receivable_aging_at(run_at('as_of'))) }}"
) }}

with balances as (
    select * from {{ ref('fct_receivable_balances') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

assumed as (
    {{ assumed_histories() }}
)

select
    {{ aging_report_columns() }}
from balances
left join accounts on balances.account_id = accounts.account_id
left join assumed on balances.account_id = assumed.account_id and balances.currency = assumed.currency
