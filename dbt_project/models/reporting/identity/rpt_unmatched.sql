-- Grain: one row per record (billing customer, caller's number, deals of an account, or of none) of a source that reached no account
-- with a CRM record, the most money first, then the most minutes (N17).
with amounts as (
    select * from {{ ref('fct_match_amounts') }} where match_state <> 'matched'
),

identities as (
    select * from {{ ref('dim_account_identities') }}
),

proposals as (
    select * from {{ ref('fct_match_proposals') }} where place = 1
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

run as (
    select base_currency from {{ ref('int_run_dated') }}
),

summed as (
    select
        source,
        kind,
        record_id,
        bool_or(match_state = 'ambiguous') as is_ambiguous,
        bool_and(account_id is null) and record_id <> 'no_account' as is_unresolved,
        {%- for measures, name in [
            ("('open_receivables')", 'open_amount'), ("('revenue_12m')", 'revenue_12m'),
            ("('open_pipeline', 'won_deals')", 'deal_amount'), ("('call_minutes')", 'call_minutes'),
        ] %}
        {{ known_total('amount', 'missing_rate_count + missing_amount_count', among='measure in ' ~ measures) }}
            as {{ name }},
        {%- endfor %}
        sum(missing_rate_count) as missing_rate_count,
        sum(missing_amount_count) as missing_amount_count,
        coalesce(sum(amount) filter (where measure = 'conversations'), 0) as conversations
    from amounts
    group by source, kind, record_id
)

select
    cast(row_number() over (
        order by abs(coalesce(summed.open_amount, 0)) + abs(coalesce(summed.revenue_12m, 0))
            + abs(coalesce(summed.deal_amount, 0)) desc,
            coalesce(summed.call_minutes, 0) desc, summed.conversations desc, summed.kind, summed.record_id, summed.source
    ) as bigint) as rank,
    summed.source,
    summed.kind,
    case
        when summed.kind <> 'phone' then summed.record_id
        when summed.record_id = 'withheld' then 'withheld'
        else {{ masked_phone('summed.record_id') }}
    end as shown_id,
    -- A deal's account in no export is what the deal calls it.
    case
        when summed.kind <> 'deal' then identities.name
        when summed.is_unresolved then summed.record_id
    end as name,
    run.base_currency,
    cast(summed.open_amount as decimal(38, 4)) as open_amount,
    cast(summed.revenue_12m as decimal(38, 4)) as revenue_12m,
    cast(summed.deal_amount as decimal(38, 4)) as deal_amount,
    cast(summed.missing_rate_count as bigint) as missing_rate_count,
    cast(summed.missing_amount_count as bigint) as missing_amount_count,
    cast(summed.call_minutes as decimal(38, 4)) as call_minutes,
    cast(summed.conversations as bigint) as conversations,
    summed.is_ambiguous,
    proposals.account_id as nearest_account_id,
    accounts.account_name as nearest_account_name,
    proposals.score as nearest_score,
    coalesce(proposals.why_not, 'nothing_alike') as why_not,
    proposals.holders
from summed
cross join run
left join identities
    on summed.kind = identities.kind and summed.record_id = identities.record_id
left join proposals
    on summed.kind = proposals.kind and summed.record_id = coalesce(proposals.record_id, proposals.native_id)
left join accounts on proposals.account_id = accounts.account_id
