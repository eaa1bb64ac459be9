-- Grain: one row per deal, stage and moment of entering it, or of a row of the history that names the stage in which the deal was
-- already (P3, P4): such rows are one stay. A stage without an exit was left when the next one was entered. A deal stays in the
-- stage of its closing (is_closing): the last one, where the history says that it is closed or it was entered on the day of the
-- closing or later. Another last one of a closed deal was left when the deal was closed;
-- else the deal is in it still.
with stages as (
    select * from {{ ref('int_deal_stages_ordered') }}
),

deals as (
    select * from {{ ref('fct_deals') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

stepped as (
    select
        *,
        case
            when coalesce(stage = lag(stage) over (partition by deal_id order by stage_number), false) then 0 else 1
        end as is_entry
    from stages
),

numbered as (
    select
        *,
        sum(is_entry) over (partition by deal_id order by stage_number) as stay_number
    from stepped
),

stayed as (
    select *, min(entered_on) over (partition by deal_id, stay_number) as stayed_from from numbered
),

described as (
    select
        stages.*,
        deals.account_id,
        deals.owner_id as deal_owner_id,
        deals.pipeline,
        deals.closed_at,
        stages.next_entered_at is null
        and (stages.is_closed or coalesce(stages.stayed_from >= deals.closed_on, false)) as is_closing
    from stayed as stages
    left join deals on stages.deal_id = deals.deal_id
),

ended as (
    select
        *,
        case
            when not is_closing
                then coalesce(left_at, next_entered_at, case when closed_at >= entered_at then closed_at end)
        end as ended_at
    from described
)

select
    ended.deal_id,
    ended.account_id,
    ended.deal_owner_id as owner_id,
    ended.pipeline,
    ended.stage,
    cast(ended.stage_number as bigint) as stage_number,
    cast(ended.stay_number as bigint) as stay_number,
    ended.is_deal_in_export,
    ended.ended_at is null as is_current,
    ended.is_closing,
    ended.entered_at,
    ended.ended_at as left_at,
    ended.entered_on,
    {{ business_date('ended.ended_at', 'run.business_timezone') }} as left_on,
    {{ provenance('ended') }}
from ended
cross join run
