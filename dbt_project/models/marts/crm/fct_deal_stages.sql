-- Grain: one row a deal, stage and moment of entering it (P3, P4). A stage without an exit was left when the next one
-- was entered. A deal stays in the stage of its closing (is_closing): the last one, where the history says that it is closed or
-- it was entered on the day of the closing or later. Another last one of a closed deal was left when the deal was closed;
-- else the deal is in it still.
with deal_stages as (
    select * from {{ ref('stg_crm__deal_stages') }}
),

deals as (
    select * from {{ ref('fct_deals') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

sequenced as (
    select
        deal_stages.*,
        {{ global_id('deal_stages._system', 'deal_stages.deal_id') }} as global_deal_id,
        lead(entered_at) over (
            partition by deal_stages._system, deal_stages.deal_id order by entered_at, left_at, stage
        ) as next_entered_at,
        row_number() over (
            partition by deal_stages._system, deal_stages.deal_id order by entered_at, left_at, stage
        ) as stage_number
    from deal_stages
),

described as (
    select
        sequenced.*,
        deals.account_id,
        deals.owner_id as deal_owner_id,
        deals.pipeline,
        deals.deal_id is not null as is_deal_in_export,
        deals.closed_at,
        sequenced.next_entered_at is null and (
            coalesce(sequenced.status in ('won', 'lost'), false)
            or coalesce({{ business_date('sequenced.entered_at', 'run.business_timezone') }} >= deals.closed_on, false)
        ) as is_closing
    from sequenced
    cross join run
    left join deals on sequenced.global_deal_id = deals.deal_id
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
    ended.global_deal_id as deal_id,
    ended.account_id,
    ended.deal_owner_id as owner_id,
    ended.pipeline,
    ended.stage,
    cast(ended.stage_number as bigint) as stage_number,
    ended.is_deal_in_export,
    ended.ended_at is null as is_current,
    ended.is_closing,
    ended.entered_at,
    ended.ended_at as left_at,
    {{ business_date('ended.entered_at', 'run.business_timezone') }} as entered_on,
    {{ business_date('ended.ended_at', 'run.business_timezone') }} as left_on,
    {{ provenance('ended') }}
from ended
cross join run
