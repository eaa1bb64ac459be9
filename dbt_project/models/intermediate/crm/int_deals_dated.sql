-- Grain: one row per deal: what its own record says of its state and of the day of its closing, and since when it is there. A
-- closed deal without a moment of closing takes its close date once that has come (record_closed_rule): in most systems that
-- one field means the expected day until the deal is closed, and the real one after. One that lies ahead is a plan: then
-- nobody knows when the deal was closed. record_closed_on is never after the run's day.
with run as (
    select * from {{ ref('int_run_dated') }}
),

first_stages as (
    select _system, deal_id, min(entered_at) as first_entered_at
    from {{ ref('stg_crm__deal_stages') }}
    group by _system, deal_id
),

deals as (
    select
        deals.*,
        -- What ended is not open, even where nobody says how it ended.
        coalesce(deals.status, case when deals.closed_at is null then 'open' end) as record_status,
        {{ business_date('deals.created_at', 'run.business_timezone') }} as created_on,
        {{ business_date('deals.first_known_at', 'run.business_timezone') }} as first_known_on,
        {{ business_date('first_stages.first_entered_at', 'run.business_timezone') }} as first_told_on
    from {{ ref('stg_crm__deals') }} as deals
    cross join run
    left join first_stages on deals._system = first_stages._system and deals.deal_id = first_stages.deal_id
),

ruled as (
    select
        deals.*,
        case
            when deals.record_status = 'open' then null
            when deals.closed_at is not null then 'given'
            when deals.expected_close_on <= run.as_of_date then 'close_date'
            else 'unknown'
        end as record_closed_rule
    from deals
    cross join run
),

closed as (
    select
        ruled.*,
        case ruled.record_closed_rule
            when 'given' then {{ business_date('ruled.closed_at', 'run.business_timezone') }}
            when 'close_date' then ruled.expected_close_on
        end as record_closed_on,
        run.as_of_date
    from ruled
    cross join run
)

-- A deal without a creation date is there since its history, its closing or the first export that knew it, at the latest
-- on the run's day: whatever is known in a run was known on its day.
select
    _system as system,
    deal_id as native_id,
    {{ global_id('_system', 'deal_id') }} as deal_id,
    record_status,
    record_closed_rule,
    record_closed_on,
    created_on,
    first_known_on,
    coalesce(created_on, {{ least_known('first_told_on', 'record_closed_on', 'first_known_on', 'as_of_date') }})
        as exists_from
from closed
