-- The worklist holds every account that owes something overdue, with all of it; and of a promise whose day is over, what
-- was received and what was broken is what was promised.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_collection_worklist'}}}) }}

with overdue as (
    select account_id, sum(open_amount_base) as amount
    from {{ ref('rpt_open_invoices') }}
    where days_overdue > 0
    group by account_id
),

worklist as (
    select account_id, overdue_amount as amount from {{ ref('rpt_collection_worklist') }}
)

select
    'worklist' as subject,
    coalesce(overdue.account_id, worklist.account_id) as subject_id,
    overdue.amount as whole,
    worklist.amount as parts
from overdue
full join worklist on overdue.account_id = worklist.account_id
-- Each item is rounded to four decimals on its own.
where abs(coalesce(overdue.amount, 0) - coalesce(worklist.amount, 0)) > 0.005 or worklist.account_id is null
union all
select 'promise', promise_id, amount, kept_amount + broken_value
from {{ ref('fct_promises') }}
where state in ('kept', 'partly', 'broken') and kept_amount + broken_value <> amount
