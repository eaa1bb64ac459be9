-- Grain: one row per pipeline and stage that deals entered in the stage_window_months up to the as-of date (P3, P4, C21): how many
-- did, how many went further, and how long they were in it. A deal counts once however often it came back, and a row of the
-- history that names the stage in which the deal is already is no coming back. Further is another stage after it or won: neither
-- lost nor still there. A deal that came to where most come by way of a stage, and never was in it, skipped it: it counts as one
-- that entered and went further.
with run as (
    select *, {{ plus_months('as_of_date', '-' ~ parameter('stage_window_months')) }} as after_day from {{ ref('int_run_dated') }}
),

deals as (
    select * from {{ ref('fct_deals') }}
),

stays as (
    select
        stages.deal_id,
        stages.stay_number,
        coalesce(stages.pipeline, 'not_known') as pipeline,
        coalesce(stages.stage, 'not_known') as stage,
        deals.status,
        min(stages.entered_on) as entered_on,
        bool_or(stages.is_current) as is_current,
        bool_or(stages.is_closing) as is_closing,
        case
            when count(stages.left_on) = count(*)
                then {{ days_from('min(stages.entered_on)', last_by('stages.left_on', 'stages.stage_number')) }}
        end as days
    from {{ ref('fct_deal_stages') }} as stages
    inner join deals on stages.deal_id = deals.deal_id
    group by 1, 2, 3, 4, 5
),

-- The last stay of a lost deal is where it was lost: what came before it led there, unless something else lay between.
ahead as (
    select
        stays.*,
        count(*) filter (where not (coalesce(is_closing, false) and coalesce(status = 'lost', false))) over (
            partition by deal_id order by stay_number rows between 1 following and unbounded following
        ) as stays_ahead
    from stays
),

judged as (
    select
        ahead.pipeline,
        ahead.stage,
        ahead.deal_id,
        count(*) as stays,
        max(case when ahead.stays_ahead > 0 or coalesce(ahead.status = 'won', false) then 1 else 0 end) as went_further,
        max(case when ahead.is_current and coalesce(ahead.status = 'open', false) then 1 else 0 end) as is_there,
        case when count(ahead.days) = count(*) then sum(ahead.days) end as days
    from ahead
    cross join run
    where ahead.entered_on > run.after_day and not coalesce(ahead.is_closing, false)
    group by ahead.pipeline, ahead.stage, ahead.deal_id
),

-- Where each deal came to, and when first: a stage, or that it was won.
reached as (
    select deal_id, pipeline, stage, min(stay_number) as stay_number, min(entered_on) as reached_on
    from stays
    where not coalesce(is_closing, false)
    group by deal_id, pipeline, stage
    union all
    select deals.deal_id, stays.pipeline, cast(null as varchar), max(stays.stay_number) + 1, deals.closed_on
    from deals
    inner join stays on deals.deal_id = stays.deal_id
    where deals.status = 'won'
    group by deals.deal_id, stays.pipeline, deals.closed_on
),

counted as (
    select pipeline, stage, count(*) as deals from reached group by pipeline, stage
),

-- Through which stages more than half of those came that came to one.
ways as (
    select later.pipeline, earlier.stage as passed, later.stage as reached
    from reached as later
    inner join reached as earlier on later.deal_id = earlier.deal_id and earlier.stay_number < later.stay_number
    inner join counted on later.pipeline = counted.pipeline and later.stage is not distinct from counted.stage
    group by later.pipeline, earlier.stage, later.stage, counted.deals
    having 2 * count(*) > counted.deals
),

skipped as (
    select ways.pipeline, ways.passed as stage, count(distinct reached.deal_id) as skipped
    from reached
    cross join run
    inner join ways on reached.pipeline = ways.pipeline and reached.stage is not distinct from ways.reached
    left join reached as own on reached.deal_id = own.deal_id and ways.passed = own.stage
    where own.deal_id is null and reached.reached_on > run.after_day
    group by ways.pipeline, ways.passed
),

-- The longest last, and who is still there after them.
placed as (
    select
        *,
        row_number() over (partition by pipeline, stage order by days nulls last, deal_id) as place,
        count(*) over (partition by pipeline, stage) as deals
    from judged
),

summed as (
    select
        pipeline,
        stage,
        count(*) as deals,
        count(*) filter (where stays > 1) as reentered,
        sum(is_there) as still_there,
        sum(went_further) as went_further,
        sum(case when is_there = 1 and went_further = 0 then 1 else 0 end) as undecided,
        {{ censored_median('days', 'pipeline is not null') }} as days_median,
        max(days) filter (where place = ceil(deals * 9 / 10.0)) as days_p90
    from placed
    group by pipeline, stage
)

select
    summed.pipeline,
    summed.stage,
    summed.deals,
    summed.reentered,
    coalesce(skipped.skipped, 0) as skipped,
    cast(summed.still_there as bigint) as still_there,
    cast(summed.went_further as bigint) as went_further,
    {{ ratio(
        'summed.went_further + coalesce(skipped.skipped, 0)',
        'summed.deals + coalesce(skipped.skipped, 0) - summed.undecided'
    ) }} as conversion,
    summed.days_median,
    cast(summed.days_p90 as double) as days_p90,
    run.as_of_date
from summed
cross join run
left join skipped on summed.pipeline = skipped.pipeline and summed.stage = skipped.stage
