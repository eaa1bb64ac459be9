-- Grain: one row per CRM record of something that had happened by the as-of date: a call, a meeting, a visit or an event that
-- a person logs, a contract that was won, and the account's card, which its first invoice should find. lag_days is entry
-- less event (P17): negative when it was entered ahead, NULL when the export does not say when it was entered. E-mails and
-- tasks, which systems log by themselves, are left out.
with run as (
    select * from {{ ref('int_run_dated') }}
),

activities as (
    select * from {{ ref('stg_crm__activities') }}
),

resolved as (
    select * from {{ ref('fct_activities') }}
),

deals as (
    select * from {{ ref('fct_deals') }} where status = 'won' and closed_rule = 'given'
),

stages as (
    select * from {{ ref('fct_deal_stages') }} where is_closing
),

accounts as (
    select * from {{ ref('dim_accounts') }} where has_crm_record
),

states as (
    select * from {{ ref('fct_account_states') }}
),

-- The signature of a deal's own contract is when it was won; without one, the day that the deal gives.
contracts as (
    select deal_id, min(signed_on) as signed_on
    from {{ ref('fct_documents') }}
    where document_type = 'contract' and deal_id is not null
    group by deal_id
),

-- What an activity says of its own time: fct_activities puts the entry's time where it says none, which would be no lag.
logged as (
    select
        'activity:' || resolved.activity_id as entry_id,
        resolved.account_id,
        resolved.owner_id as employee_id,
        resolved.activity_type as entry_kind,
        coalesce(activities.occurred_at, activities.completed_at) as event_at,
        {{ business_date('coalesce(activities.occurred_at, activities.completed_at)', 'run.business_timezone') }}
            as event_on,
        activities.created_at as entered_at,
        {{ business_date('activities.created_at', 'run.business_timezone') }} as entered_on,
        {{ exact_seconds_between('coalesce(activities.occurred_at, activities.completed_at)', 'activities.created_at') }}
        / 86400 as lag_days,
        {{ provenance('activities') }}
    from activities
    inner join resolved
        on activities._system = resolved.system
        and {{ global_id('activities._system', 'activities.activity_id') }} = resolved.activity_id
    cross join run
    where activities.activity_type in ('call', 'meeting', 'visit', 'event') and resolved.is_completed
),

won as (
    select
        'contract:' || deals.deal_id as entry_id,
        deals.account_id,
        deals.owner_id as employee_id,
        'contract' as entry_kind,
        cast(null as timestamp with time zone) as event_at,
        coalesce(contracts.signed_on, deals.closed_on) as event_on,
        stages.entered_at,
        stages.entered_on,
        {{ days_from('coalesce(contracts.signed_on, deals.closed_on)', 'stages.entered_on') }} as lag_days,
        {{ provenance('deals') }}
    from deals
    left join stages on deals.deal_id = stages.deal_id
    left join contracts on deals.deal_id = contracts.deal_id
),

cards as (
    select
        'account:' || accounts.account_id as entry_id,
        accounts.account_id,
        accounts.owner_id as employee_id,
        'account' as entry_kind,
        cast(null as timestamp with time zone) as event_at,
        states.first_invoice_on as event_on,
        accounts.created_at as entered_at,
        accounts.created_on as entered_on,
        {{ days_from('states.first_invoice_on', 'accounts.created_on') }} as lag_days,
        accounts.system as _system,
        accounts._source,
        accounts._file,
        accounts._file_sha256,
        accounts._row
    from accounts
    inner join states on accounts.account_id = states.account_id
),

entries as (
    select * from logged
    union all
    select * from won
    union all
    select * from cards
)

select
    entries.entry_id,
    entries.account_id,
    entries.employee_id,
    entries.entry_kind,
    entries.event_at,
    entries.event_on,
    entries.entered_at,
    entries.entered_on,
    cast(entries.lag_days as decimal(18, 4)) as lag_days,
    entries.lag_days <= {{ parameter('card_entry_days') }} as is_on_time,
    entries._system,
    entries._source,
    entries._file,
    entries._file_sha256,
    entries._row
from entries
cross join run
where entries.event_on <= run.as_of_date and coalesce(entries.entered_on, run.as_of_date) <= run.as_of_date
