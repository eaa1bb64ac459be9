-- Grain: one row a source system and CRM account id, with the account that it is after merges and exact links.
-- Within one system accounts merge by its master record or a person's decision alone. Accounts of different systems are one
-- where a key leads to exactly one account in each (int_crm_key_links); the system that is first by name keeps the id.
with recursive merged as (
    select * from {{ ref('int_crm_accounts_merged') }}
),

decisions as (
    select * from {{ ref('int_account_decisions') }} where state = 'in_force' and kind = 'crm_account'
),

links as (
    select * from {{ ref('int_crm_key_links') }}
),

edges as (
    select
        record_account_id as account_id,
        account_id as target_id,
        'decision' as rule,
        'decision' as evidence,
        reason as evidence_value
    from decisions
    where decision = 'link'

    union all

    select account_id, target_id, rule, evidence, evidence_value
    from links
    where not exists (
        select 1 from decisions where decisions.decision = 'link' and decisions.record_account_id = links.account_id
    )
),

chains as (
    select account_id, target_id as reached_id, 1 as steps from edges

    union all

    select
        chains.account_id,
        edges.target_id,
        chains.steps + 1
    from chains
    inner join edges on chains.reached_id = edges.account_id
    where chains.steps < 20 and edges.target_id <> chains.account_id
),

-- A chain that leads back to where it began has no end: nobody can say which account it is.
ends as (
    select chains.account_id, chains.reached_id
    from chains
    where not exists (select 1 from edges where edges.account_id = chains.reached_id)
),

resolved as (
    select
        merged.system,
        merged.native_id,
        {{ global_id('merged.system', 'merged.surviving_id') }} as survivor_id,
        ends.reached_id,
        merged.rule as merge_rule,
        merged.surviving_id,
        merged.unresolved_id,
        edges.rule,
        edges.evidence,
        edges.evidence_value
    from merged
    left join ends on {{ global_id('merged.system', 'merged.surviving_id') }} = ends.account_id
    left join edges
        on ends.reached_id is not null
        and {{ global_id('merged.system', 'merged.surviving_id') }} = edges.account_id
),

-- Two accounts of one system that keys would put on a third, in another system, stay two.
counted as (
    select
        *,
        min(survivor_id) over (partition by coalesce(reached_id, survivor_id), system)
        < max(survivor_id) over (partition by coalesce(reached_id, survivor_id), system) as is_crowded
    from resolved
)

select
    system,
    native_id,
    surviving_id,
    survivor_id,
    case when reached_id is null or (is_crowded and rule <> 'decision') then survivor_id else reached_id end as account_id,
    case
        when merge_rule <> 'crm_account' then merge_rule
        when reached_id is null or (is_crowded and rule <> 'decision') then 'crm_account'
        else rule
    end as rule,
    case
        when merge_rule in ('merged', 'merge_not_resolved') then merge_rule
        when reached_id is null then null
        when is_crowded and rule <> 'decision' then evidence || ',crowded'
        else evidence
    end as evidence,
    case
        when merge_rule = 'merged' then surviving_id
        when merge_rule = 'merge_not_resolved' then unresolved_id
        when reached_id is not null then evidence_value
    end as evidence_value
from counted
