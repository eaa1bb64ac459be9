-- Grain: one row per source contract and entity.
{%- set matched_facts = {
    'fct_calls': ['calls', 'calls'], 'fct_deals': ['crm', 'deals'], 'fct_activities': ['crm', 'activities'],
    'fct_invoices': ['billing', 'invoices'], 'fct_payments': ['billing', 'payments'],
} %}
with files as (
    select * from {{ ref('fct_landed_files') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

usual as (
    select * from {{ ref('int_usual_pauses') }}
),

sources as (
    select
        contract,
        domain,
        entity,
        count(distinct file_sha256) as files,
        sum(rows_read) as rows_read,
        sum(rows_loaded) as rows_loaded,
        sum(rows_rejected) as rows_rejected,
        sum(rows_superseded) as rows_superseded,
        sum(raw_bytes) as raw_bytes,
        sum(raw_bytes * rows_superseded / nullif(rows_loaded, 0)) as superseded_bytes,
        max(newest_event_at) as newest_event_at,
        max(landed_at) as loaded_at
    from files
    group by contract, domain, entity
),

facts as (
    {%- for fact, entity in matched_facts.items() %}
    select
        _source as contract,
        '{{ entity[0] }}' as domain,
        '{{ entity[1] }}' as entity,
        account_id
    from {{ ref(fact) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

matched as (
    select
        facts.contract,
        facts.domain,
        facts.entity,
        count(*) as facts,
        count(facts.account_id) filter (where coalesce(accounts.is_named, true)) as matched,
        count(*) filter (where accounts.has_crm_record) as matched_in_crm
    from facts
    left join accounts on facts.account_id = accounts.account_id
    group by facts.contract, facts.domain, facts.entity
),

vanished as (
    select
        contract,
        domain,
        entity,
        count(*) as rows_vanished
    from {{ ref('stg_landing__superseded_rows') }}
    where state = 'vanished'
    group by contract, domain, entity
),

limits as (
    select
        sources.*,
        {{ days_from(business_date('sources.newest_event_at', 'run.business_timezone'), 'run.as_of_date') }} as days_old,
        usual.usual_pause_days,
        case sources.domain
            {%- for domain in ['crm', 'billing', 'calls', 'plan'] %}
            when '{{ domain }}' then {{ parameter('freshness_' ~ domain ~ '_late_days') }}
            {%- endfor %}
        end as late_days,
        case sources.domain
            {%- for domain in ['crm', 'billing', 'calls', 'plan'] %}
            when '{{ domain }}' then {{ parameter('freshness_' ~ domain ~ '_stale_days') }}
            {%- endfor %}
        end as stale_days
    from sources
    cross join run
    left join usual
        on sources.contract = usual.contract and sources.domain = usual.domain and sources.entity = usual.entity
),

-- What is usually quiet for longer than the limit is late when it is quieter than usual, and stale as many days later.
aged as (
    select
        *,
        {{ greatest_known('late_days', 'usual_pause_days') }} as late_after,
        {{ greatest_known('late_days', 'usual_pause_days') }} + stale_days - late_days as stale_after
    from limits
)

select
    aged.contract as source,
    aged.domain,
    aged.entity,
    case
        when aged.days_old > aged.stale_after then 'stale'
        when aged.days_old > aged.late_after then 'late'
        when aged.days_old is not null then 'fresh'
    end as freshness_state,
    cast(aged.files as integer) as files,
    cast(aged.rows_read as bigint) as rows_read,
    cast(aged.rows_loaded as bigint) as rows_loaded,
    cast(aged.rows_rejected as bigint) as rows_rejected,
    cast(aged.rows_superseded as bigint) as rows_superseded,
    cast(coalesce(vanished.rows_vanished, 0) as bigint) as rows_vanished,
    cast(coalesce(aged.raw_bytes, 0) as bigint) as raw_bytes,
    cast(coalesce(aged.superseded_bytes, 0) as bigint) as superseded_bytes,
    cast(aged.days_old as integer) as days_old,
    cast(aged.usual_pause_days as integer) as usual_pause_days,
    cast(matched.matched as double) / nullif(matched.facts, 0) as match_coverage,
    cast(matched.matched_in_crm as double) / nullif(matched.facts, 0) as crm_match_coverage,
    aged.newest_event_at,
    aged.loaded_at
from aged
left join matched
    on aged.contract = matched.contract and aged.domain = matched.domain and aged.entity = matched.entity
left join vanished
    on aged.contract = vanished.contract and aged.domain = vanished.domain and aged.entity = vanished.entity
