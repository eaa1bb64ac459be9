-- A statement's closing is what the ledger has: the last running balance of each account and currency on the as-of date
-- is open less over-applied less unapplied (R31, R3). Movements are told apart by document, balances by invoice.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_statement_lines'}}}) }}

with statements as (
    select account_id, currency, {{ last_by('running_balance', 'line_number') }} as closing, sum(debit - credit) as moved
    from {{ ref('rpt_statement_lines') }}
    group by account_id, currency
),

balances as (
    select balances.account_id, balances.currency, balances.net_amount
    from {{ ref('fct_receivable_balances') }} as balances
    inner join {{ ref('int_run_dated') }} as run on balances.as_of_date = run.as_of_date
)

select
    coalesce(statements.account_id, balances.account_id) as account_id,
    coalesce(statements.currency, balances.currency) as currency,
    statements.closing,
    statements.moved,
    balances.net_amount
from statements
full join balances on statements.account_id = balances.account_id and statements.currency = balances.currency
where coalesce(statements.closing, 0) <> coalesce(balances.net_amount, 0)
    or coalesce(statements.moved, 0) <> coalesce(balances.net_amount, 0)
