-- Grain: one row per account, currency and document that moved the account, up to the as-of date (R31).
-- account_statement(account, from_date, to_date) gives a period of it with what is brought forward.
{{ config(
    materialized='held_view',
    post_hook=[
        "{{ table_macro('account_statement', ['account', 'from_date', 'to_date'], account_statement(this)) }}",
        "{{ table_macro('account_statement_totals', ['account', 'from_date', 'to_date'], account_statement_totals(this)) }}"
    ]
) }}

with movements as (
    select * from {{ ref('fct_account_movements') }}
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

run as (
    select as_of_date from {{ ref('int_run_dated') }}
)

select
    movements.line_id,
    movements.account_id,
    accounts.account_name,
    movements.currency,
    movements.line_number,
    movements.kind,
    movements.document,
    movements.invoice_id,
    movements.allocation,
    movements.is_dated,
    movements.debit,
    movements.credit,
    movements.running_balance,
    movements.occurred_on,
    movements.due_on,
    run.as_of_date,
    movements._file,
    movements._row
from movements
inner join run on movements.occurred_on <= run.as_of_date
left join accounts on movements.account_id = accounts.account_id
