-- Grain: one row per measure, source contract, record and account: what stands behind a record on the as-of date, and whether
-- it reached one account with a CRM record (matched), may be several or is not sure enough (ambiguous), or none (N17).
-- Receivables open on the date; revenue, won deals and calls of the 12 months before; the pipeline open now.
with run as (
    select as_of_date from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, has_crm_record from {{ ref('dim_accounts') }}
),

proposals as (
    select distinct kind, coalesce(record_id, native_id) as record_id from {{ ref('fct_match_proposals') }}
),

items as (
    {{ coverage_items() }}
)

select
    items.measure,
    items.unit,
    items.source,
    items.kind,
    items.record_id,
    items.account_id,
    case
        when accounts.has_crm_record then 'matched'
        when proposals.record_id is not null then 'ambiguous'
        else 'unmatched'
    end as match_state,
    cast(coalesce(items.amount, 0) as decimal(18, 4)) as amount,
    items.missing_rate_count
from items
left join accounts on items.account_id = accounts.account_id
left join proposals on items.kind = proposals.kind and items.record_id = proposals.record_id
