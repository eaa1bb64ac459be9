-- The ageing history by hand: every week end, month end and the as-of date; buckets by days overdue; a query on the ledger.
create or replace table by_hand as
with balances as (
    select
        invoice_id,
        event_date as valid_from,
        sum(sum(amount)) over (partition by invoice_id order by event_date) as balance,
        lead(event_date, 1, date '9999-12-31') over (partition by invoice_id order by event_date) as valid_to
    from marts.fct_receivable_events
    group by invoice_id, event_date
),

items as (
    select invoices.account_id, invoices.currency, invoices.due_on, balances.balance, balances.valid_from, balances.valid_to
    from balances
    inner join marts.fct_invoices as invoices on balances.invoice_id = invoices.invoice_id
    where balances.balance <> 0
),

aged as (
    select
        dates.day as as_of_date,
        items.account_id,
        items.currency,
        items.balance,
        dates.day - items.due_on as days_overdue
    from items
    inner join marts.dim_dates as dates
        on dates.is_snapshot and dates.day >= items.valid_from and dates.day < items.valid_to
)

select
    as_of_date,
    account_id,
    currency,
    coalesce(sum(balance) filter (where balance > 0 and days_overdue <= 0), 0) as not_due,
    coalesce(sum(balance) filter (where balance > 0 and days_overdue between 1 and 30), 0) as days_1_30,
    coalesce(sum(balance) filter (where balance > 0 and days_overdue between 31 and 60), 0) as days_31_60,
    coalesce(sum(balance) filter (where balance > 0 and days_overdue between 61 and 90), 0) as days_61_90,
    coalesce(sum(balance) filter (where balance > 0 and days_overdue between 91 and 120), 0) as days_91_120,
    coalesce(sum(balance) filter (where balance > 0 and days_overdue > 120), 0) as days_over_120
from aged
group by as_of_date, account_id, currency
having sum(balance) filter (where balance > 0) > 0;
