-- Grain: one row, the run. Its as-of date is the asked one, else the day of the newest event.
-- An event is something that happened: due dates, expected closes and drafts are no events. A meeting may be entered
-- long before it takes place, so that of an activity only its entry and its completion count, and a CRM moment later
-- than its export (`_known_at`) is a plan.
with run as (
    select * from {{ source('raw', 'run') }}
),

settings as (
    select * from {{ source('raw', 'settings') }}
),

newest_days as (
    select max(issued_on) as newest_on from {{ ref('stg_billing__invoices') }}
    where coalesce(status, 'issued') <> 'draft'
    union all
    select max(settled_on) from {{ ref('stg_billing__invoices') }} where coalesce(status, 'issued') <> 'draft'
    union all
    select max(voided_on) from {{ ref('stg_billing__invoices') }}
    union all
    select max(as_of) from {{ ref('stg_billing__opening_balances') }}
    union all
    select max(received_on) from {{ ref('stg_billing__payments') }} where coalesce(status, 'received') = 'received'
    union all
    select max(applied_on) from {{ ref('stg_billing__applications') }}
    union all
    select max(occurred_on) from {{ ref('stg_billing__adjustments') }}
    union all
    select max(made_on) from {{ ref('stg_billing__promises') }}
),

newest_moments as (
    select max(started_at) as newest_at from {{ ref('stg_calls__calls') }}
    union all
    select max(sent_at) from {{ ref('stg_billing__dunning_events') }}
    union all
    select max(created_at) from {{ ref('stg_crm__deals') }}
    union all
    select max(closed_at) from {{ ref('stg_crm__deals') }} where status in ('won', 'lost') and closed_at <= _known_at
    union all
    select max(created_at) from {{ ref('stg_crm__leads') }}
    union all
    select max(converted_at) from {{ ref('stg_crm__leads') }}
    union all
    select max(created_at) from {{ ref('stg_crm__activities') }}
    union all
    select max(completed_at) from {{ ref('stg_crm__activities') }} where completed_at <= _known_at
    union all
    select max(opened_at) from {{ ref('stg_crm__cases') }}
    union all
    select max(sent_at) from {{ ref('stg_crm__documents') }} where sent_at <= _known_at
    union all
    select max(signed_at) from {{ ref('stg_crm__documents') }} where signed_at <= _known_at
),

newest as (
    select
        (select max(newest_on) from newest_days) as newest_on,
        (select max(newest_at) from newest_moments) as newest_at
),

dated as (
    select
        run.*,
        settings.*,
        {{ greatest_known(
            'newest.newest_on', business_date('newest.newest_at', 'settings.business_timezone')
        ) }} as newest_event_on
    from run
    cross join settings
    cross join newest
)

select
    base_currency,
    default_currency,
    business_timezone,
    default_country,
    fx_max_age_days,
    fiscal_year_first_month,
    known_at,
    newest_event_on,
    coalesce(as_of_date, newest_event_on) as as_of_date
from dated
