-- Grain: one row per promise to pay (R22, R23). A projection of fct_promises with names, and with the last connected
-- conversation with the account on the day of the promise, in which it may have been given (N7).
{{ config(materialized='held_view') }}

with promises as (
    select * from {{ ref('fct_promises') }}
),

invoices as (
    select invoice_id, invoice_number from {{ ref('fct_invoices') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

calls as (
    select account_id, started_on, {{ last_by('conversation_id', 'started_at', 'conversation_id') }} as conversation_id
    from {{ ref('fct_calls') }}
    where status = 'answered' and account_id is not null
    group by account_id, started_on
)

select
    promises.promise_id,
    promises.account_id,
    accounts.account_name,
    accounts.owner_id,
    promises.customer_id,
    promises.invoice_id,
    invoices.invoice_number,
    promises.unresolved_ids,
    calls.conversation_id,
    promises.currency,
    promises.state,
    promises.closed_by,
    promises.amount,
    promises.received_amount,
    promises.kept_amount,
    promises.broken_value,
    promises.missing_rate_count,
    promises.is_amount_assumed,
    promises.is_assumed,
    promises.is_kept_late,
    calls.conversation_id is not null as has_call_that_day,
    promises.made_on,
    promises.promised_for,
    promises.kept_by,
    promises.kept_on,
    promises.closed_on,
    promises._file,
    promises._row
from promises
left join invoices on promises.invoice_id = invoices.invoice_id
left join accounts on promises.account_id = accounts.account_id
left join calls on promises.account_id = calls.account_id and promises.made_on = calls.started_on
