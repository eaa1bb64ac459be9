-- Grain: one row per account: its tier, whether it is large and whether it is key (two things, D5), and its relationship
-- stage (D7), in the newest quarter, with the first quarter of the present run of each.
with quarters as (
    select * from {{ ref('fct_key_account_quarters') }}
),

newest as (
    select max(quarter) as quarter from quarters
),

before as (
    select
        *,
        lag(is_listed) over (partition by account_id order by quarter) as was_listed_before,
        lag(relationship_stage) over (partition by account_id order by quarter) as stage_before
    from quarters
),

-- How often each has changed up to a quarter: the rows with the newest count are the present run.
changes as (
    select
        *,
        case when is_listed = was_listed_before then 0 else 1 end as key_change,
        case when coalesce(relationship_stage, '') = coalesce(stage_before, '') then 0 else 1 end as stage_change
    from before
),

runs as (
    select
        *,
        sum(key_change) over (partition by account_id order by quarter) as key_run,
        sum(stage_change) over (partition by account_id order by quarter) as stage_run
    from changes
),

begun as (
    select
        *,
        min(quarter) over (partition by account_id, key_run) as key_run_since,
        min(quarter) over (partition by account_id, stage_run) as stage_run_since
    from runs
)

select
    begun.account_id,
    begun.tier,
    begun.relationship_stage,
    begun.stage_rank,
    begun.basis as key_basis,
    begun.proposal,
    begun.is_large,
    begun.is_listed as is_key_account,
    begun.is_candidate,
    begun.criteria_met,
    begun.criteria_known,
    begun.criteria_total,
    begun.criteria_share,
    begun.fit_share,
    begun.revenue_12m,
    begun.revenue_share,
    begun.missing_rate_count,
    begun.quarter,
    begun.measured_on,
    case when begun.is_listed then begun.key_run_since end as key_since,
    case when begun.relationship_stage is not null then begun.stage_run_since end as relationship_stage_since
from begun
inner join newest on begun.quarter = newest.quarter
