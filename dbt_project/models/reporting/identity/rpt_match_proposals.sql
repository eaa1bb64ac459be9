-- Grain: one row per record (CRM account, billing customer or caller's number) and an account that a person may put it on.
-- seed_line is what to paste into lists/account_links.csv to do so; never_link_line keeps the two apart.
with proposals as (
    select * from {{ ref('fct_match_proposals') }}
),

amounts as (
    select
        kind,
        record_id,
        {%- for measure, name in [
            ('open_receivables', 'open_amount'), ('revenue_12m', 'revenue_12m'), ('call_minutes', 'call_minutes'),
        ] %}
        {{ known_total(
            'amount', 'missing_rate_count + missing_amount_count', among="measure = '" ~ measure ~ "'"
        ) }} as {{ name }},
        {%- endfor %}
        sum(missing_rate_count) as missing_rate_count,
        sum(missing_amount_count) as missing_amount_count
    from {{ ref('fct_match_amounts') }}
    group by kind, record_id
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

run as (
    select base_currency from {{ ref('int_run_dated') }}
)

select
    coalesce(proposals.system, '') as system,
    proposals.kind,
    proposals.native_id,
    case when proposals.kind = 'phone' then {{ masked_phone('proposals.native_id') }} else proposals.native_id end
        as shown_id,
    proposals.name,
    proposals.place,
    proposals.account_id,
    accounts.account_name,
    proposals.score,
    proposals.evidence,
    proposals.matched_name,
    proposals.likeness,
    proposals.matched_email,
    proposals.matched_domain,
    proposals.matched_phone,
    proposals.held_on,
    proposals.holders,
    proposals.why_not,
    run.base_currency,
    -- A record behind which nothing stands has nothing.
    {%- for name in ['open_amount', 'revenue_12m', 'call_minutes'] %}
    cast(case when amounts.kind is null then 0 else amounts.{{ name }} end as decimal(38, 4)) as {{ name }},
    {%- endfor %}
    {%- for name in ['missing_rate_count', 'missing_amount_count'] %}
    cast(coalesce(amounts.{{ name }}, 0) as bigint) as {{ name }},
    {%- endfor %}
    {{ seed_line('link') }} as seed_line,
    {{ seed_line('never_link') }} as never_link_line
from proposals
cross join run
left join amounts
    on proposals.kind = amounts.kind and amounts.record_id = coalesce(proposals.record_id, proposals.native_id)
left join accounts on proposals.account_id = accounts.account_id
