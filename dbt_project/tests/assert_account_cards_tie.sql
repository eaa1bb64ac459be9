-- What an account's card sums up is what the lists under it hold: open deals, overdue items, unsigned acts, people, the limit
-- in use. A row is an account whose card says something else.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_accounts'}}}) }}

with accounts as (
    select * from {{ ref('rpt_accounts') }}
),

said as (
    select
        account_id,
        open_deals,
        coalesce(open_deals_amount, 0) as open_deals_amount,
        overdue_items,
        coalesce(oldest_days_overdue, 0) as oldest_days_overdue,
        unsigned_acts,
        contacts,
        decision_makers,
        coalesce(credit_used, 0) as credit_used
    from accounts
),

parts as (
    select
        account_id, 1 as open_deals, coalesce(amount_base, 0) as open_deals_amount, 0 as overdue_items,
        0 as oldest_days_overdue, 0 as unsigned_acts, 0 as contacts, 0 as decision_makers, 0 as credit_used
    from {{ ref('rpt_open_deals') }}
    where account_id is not null
    union all
    select account_id, 0, 0, 1, days_overdue, 0, 0, 0, 0
    from {{ ref('rpt_open_invoices') }}
    where days_overdue > 0 and open_amount > 0
    union all
    select account_id, 0, 0, 0, 0, 1, 0, 0, 0
    from {{ ref('rpt_account_documents') }}
    where document_type = 'act' and signed_on is null
    union all
    select account_id, 0, 0, 0, 0, 0, 1, case when is_decision_maker then 1 else 0 end, 0
    from {{ ref('rpt_account_people') }}
    union all
    select account_id, 0, 0, 0, 0, 0, 0, 0, coalesce(credit_used, 0)
    from {{ ref('rpt_receivable_accounts') }}
),

held as (
    select
        account_id,
        sum(open_deals) as open_deals,
        sum(open_deals_amount) as open_deals_amount,
        sum(overdue_items) as overdue_items,
        max(oldest_days_overdue) as oldest_days_overdue,
        sum(unsigned_acts) as unsigned_acts,
        sum(contacts) as contacts,
        sum(decision_makers) as decision_makers,
        sum(credit_used) as credit_used
    from parts
    where account_id in (select account_id from accounts)
    group by account_id
)

select
    said.account_id
from said
left join held on said.account_id = held.account_id
where
    {%- for column in ['open_deals', 'open_deals_amount', 'overdue_items', 'oldest_days_overdue', 'unsigned_acts',
        'contacts', 'decision_makers', 'credit_used'] %}
    {{ 'or ' if not loop.first }}abs(said.{{ column }} - coalesce(held.{{ column }}, 0)) > 0.0001
    {%- endfor %}
