-- Grain: one row per row of the deals' stage history, in its order: by when the stage was entered and, of one moment, the one
-- that was left last, or not yet, after the others. day is the one that it counts on: what is told of the time before the deal
-- was there counts from its first day on, and the last row of a day is what the deal was at its end.
{% set in_order = '(partition by global_deal_id order by entered_at, left_at nulls last, _row, stage)' %}
with run as (
    select * from {{ ref('int_run_dated') }}
),

deals as (
    select * from {{ ref('int_deals_dated') }}
),

stage_rows as (
    select
        stages.*,
        {{ global_id('stages._system', 'stages.deal_id') }} as global_deal_id,
        {{ business_date('stages.entered_at', 'run.business_timezone') }} as entered_on,
        coalesce(stages.status in ('won', 'lost'), false) as is_closed
    from {{ ref('stg_crm__deal_stages') }} as stages
    cross join run
),

dated as (
    select
        stage_rows.*,
        case when deals.deal_id is not null then {{ greatest_known('stage_rows.entered_on', 'deals.exists_from') }} end as day,
        deals.deal_id is not null as is_deal_in_export
    from stage_rows
    left join deals on stage_rows.global_deal_id = deals.deal_id
),

-- All in one order, so that the rows are sorted once: they are many.
numbered as (
    select
        *,
        row_number() over {{ in_order }} as stage_number,
        lead(entered_at) over {{ in_order }} as next_entered_at,
        lead(true) over {{ in_order }} as has_next,
        lead(day) over {{ in_order }} as next_day
    from dated
),

ended as (
    select
        *,
        (has_next is null) or (next_day is distinct from day) as is_last_of_day
    from numbered
),

-- Opened again is what was closed at the end of the last day before that has a row.
placed as (
    select
        *,
        is_last_of_day and not is_closed and coalesce({{ last_known('case when is_last_of_day then is_closed end') }} over (
            partition by global_deal_id order by stage_number rows between unbounded preceding and 1 preceding
        ), false) as is_reopening
    from ended
)

select
    placed.global_deal_id as deal_id,
    placed.stage,
    placed.status,
    placed.owner_id,
    placed.currency,
    placed.amount,
    placed.probability,
    placed.forecast_category,
    placed.stage_number,
    placed.is_deal_in_export,
    placed.is_closed,
    placed.is_last_of_day,
    placed.is_reopening,
    placed.expected_close_on,
    placed.day,
    placed.entered_on,
    placed.entered_at,
    placed.left_at,
    placed.next_entered_at,
    {{ provenance('placed') }}
from placed
