-- Grain: one row per pipeline and stage that deals entered in the stage_window_months up to the as-of date (P3, P4, C21): how many
-- did, how many went further, and how long they were in it. A deal counts once however often it came back; a stage that it
-- skipped it did not enter. Further is another stage after it or won: neither lost nor still there.
with run as (
    select * from {{ ref('int_run_dated') }}
),

stays as (
    select
        stages.*,
        deals.status,
        {{ days_from('stages.entered_on', 'stages.left_on') }} as days
    from {{ ref('fct_deal_stages') }} as stages
    inner join {{ ref('fct_deals') }} as deals on stages.deal_id = deals.deal_id
),

-- The last stay of a lost deal is where it was lost: what came before it led there, unless something else lay between.
ahead as (
    select
        stays.*,
        count(*) filter (where not (coalesce(is_closing, false) and coalesce(status = 'lost', false))) over (
            partition by deal_id order by stage_number rows between 1 following and unbounded following
        ) as stays_ahead
    from stays
),

judged as (
    select
        coalesce(ahead.pipeline, 'not_known') as pipeline,
        coalesce(ahead.stage, 'not_known') as stage,
        ahead.deal_id,
        count(*) as stays,
        max(case when ahead.stays_ahead > 0 or coalesce(ahead.status = 'won', false) then 1 else 0 end) as went_further,
        max(case when ahead.is_current and coalesce(ahead.status = 'open', false) then 1 else 0 end) as is_there,
        sum(ahead.days) as days,
        bool_and(ahead.days is not null) as is_left
    from ahead
    cross join run
    where ahead.entered_on > {{ plus_months('run.as_of_date', '-' ~ parameter('stage_window_months')) }}
        and not coalesce(ahead.is_closing, false)
    group by 1, 2, 3
)

select
    judged.pipeline,
    judged.stage,
    count(*) as deals,
    count(*) filter (where judged.stays > 1) as reentered,
    cast(sum(judged.is_there) as bigint) as still_there,
    cast(sum(judged.went_further) as bigint) as went_further,
    {{ ratio('sum(judged.went_further)', 'count(*) - sum(case when judged.is_there = 1 and judged.went_further = 0 then 1 else 0 end)') }}
        as conversion,
    {{ censored_median('case when judged.is_left then judged.days end', 'judged.pipeline is not null') }} as days_median,
    run.as_of_date
from judged
cross join run
group by judged.pipeline, judged.stage, run.as_of_date
