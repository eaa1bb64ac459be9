-- Grain: one row per feed that revenue and sales are made of (invoices, subscriptions, deals) or that calls come from: the day up to which it tells
-- everything, and that of its first event. A period that ends later is not complete, whatever the calendar says. Of several systems the one that ends
-- first counts, but for one that has gone stale and will tell no more; a few quiet days at the end are none that are
-- missing (freshness_billing_late_days, freshness_crm_late_days, freshness_calls_late_days), nor are as many as the system
-- was quiet for before: the pause that feed_pause_share of its pauses were no longer than, once it has told of
-- feed_least_days days.
with run as (
    select business_timezone, as_of_date from {{ ref('int_run_dated') }}
),

feed_days as (
    select 'invoices' as feed, _system as system, issued_on as told_on
    from {{ ref('stg_billing__invoices') }}
    where coalesce(status, 'issued') <> 'draft'
    union all
    select 'invoices', _system, received_on
    from {{ ref('stg_billing__payments') }}
    where _system in (select _system from {{ ref('stg_billing__invoices') }})
    union all
    -- Subscriptions have no events: their export knows them up to its own day.
    select 'subscriptions', prices._system, {{ business_date('prices._known_at', 'run.business_timezone') }}
    from {{ ref('stg_billing__subscription_prices') }} as prices
    cross join run
    union all
    select 'deals', deals._system, {{ business_date("coalesce(deals.closed_at, deals.created_at)", 'run.business_timezone') }}
    from {{ ref('stg_crm__deals') }} as deals
    cross join run
    union all
    select 'deals', activities._system, {{ business_date('activities.completed_at', 'run.business_timezone') }}
    from {{ ref('stg_crm__activities') }} as activities
    cross join run
    where activities._system in (select _system from {{ ref('stg_crm__deals') }})
    union all
    select 'calls', calls._system, {{ business_date('calls.started_at', 'run.business_timezone') }}
    from {{ ref('stg_calls__calls') }} as calls
    cross join run
),

patience as (
    select
        feed,
        case feed
            when 'deals' then {{ parameter('freshness_crm_late_days') }}
            when 'calls' then {{ parameter('freshness_calls_late_days') }}
            else {{ parameter('freshness_billing_late_days') }}
        end as late_days,
        case feed
            when 'deals' then {{ parameter('freshness_crm_stale_days') }}
            when 'calls' then {{ parameter('freshness_calls_stale_days') }}
            else {{ parameter('freshness_billing_stale_days') }}
        end as stale_days
    from (select distinct feed from feed_days) as feeds
),

days_told as (
    select distinct
        feed_days.feed,
        feed_days.system,
        run.as_of_date,
        case when feed_days.told_on <= run.as_of_date then feed_days.told_on else run.as_of_date end as told_on
    from feed_days
    cross join run
    where feed_days.told_on is not null and (feed_days.feed = 'subscriptions' or feed_days.told_on <= run.as_of_date)
),

placed as (
    {{- placed_pauses('days_told', ['feed', 'system']) }}
),

systems as (
    select
        feed,
        system,
        max(as_of_date) as as_of_date,
        min(told_on) as begins_on,
        max(told_on) as ends_on,
        case when count(*) >= {{ parameter('feed_least_days') }} then {{ usual_pause() }} end as usual_pause
    from placed
    group by feed, system
),

complete as (
    select
        systems.feed,
        systems.begins_on,
        systems.ends_on >= {{ plus_days('systems.as_of_date', '-patience.stale_days') }} as is_alive,
        {{ plus_days('systems.ends_on', greatest_known('patience.late_days', 'systems.usual_pause')) }} as complete_until
    from systems
    inner join patience on systems.feed = patience.feed
)

select
    feed,
    case when feed <> 'subscriptions' then min(begins_on) end as told_since,
    coalesce(min(complete_until) filter (where is_alive), max(complete_until)) as complete_until
from complete
group by feed
