-- Grain: one row per deal. Amounts stand as the CRM has them today; the base amount is at the rate of the day on which
-- the deal was closed, for an open deal at the as-of date's. A closed deal without a moment of closing takes its close
-- date once that has come (closed_rule): in most systems that one field means the expected day until the deal is closed,
-- and the real one after. One that lies ahead is a plan: then nobody knows when the deal was closed. closed_on is never
-- after the run's day.
with deals as (
    select * from {{ ref('stg_crm__deals') }}
),

resolved as (
    select * from {{ ref('int_deals_resolved') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

-- The stage that the history shows last. What it shows as closed is not open, though the deal's own date is still to come.
newest_stages as (
    select _system, deal_id, status, entered_at
    from {{ ref('stg_crm__deal_stages') }}
    qualify row_number() over (
        partition by _system, deal_id order by entered_at desc, left_at desc nulls first, _row desc
    ) = 1
),

closings as (
    select * from newest_stages where status in ('won', 'lost')
),

dated as (
    select
        deals.*,
        closings.entered_at as history_closed_at,
        resolved.deal_id as global_deal_id,
        resolved.account_id as global_account_id,
        resolved.contact_id as global_contact_id,
        resolved.lead_id as global_lead_id,
        resolved.account_rule,
        resolved.unresolved_ids,
        resolved.lead_source as lead_source_of_lead,
        employees.employee_id as global_owner_id,
        coalesce(closings.status, deals.status, case when deals.closed_at is null then 'open' end) as known_status,
        {{ business_date('deals.created_at', 'run.business_timezone') }} as created_on,
        {{ business_date('deals.first_known_at', 'run.business_timezone') }} as first_known_on,
        case
            when closings.status is not null then 'history'
            -- What ended is not open, even where nobody says how it ended.
            when deals.status = 'open' or (deals.status is null and deals.closed_at is null) then null
            when deals.closed_at is not null then 'given'
            when deals.expected_close_on <= run.as_of_date then 'close_date'
            else 'unknown'
        end as closed_rule,
        run.as_of_date,
        run.base_currency,
        run.business_timezone
    from deals
    inner join resolved on deals._system = resolved.system and deals.deal_id = resolved.native_id
    left join employees on deals._system = employees.system and deals.owner_id = employees.reference
    left join closings
        on deals._system = closings._system
        and deals.deal_id = closings.deal_id
        and coalesce(deals.status, 'open') = 'open'
        and deals.closed_at is null
    cross join run
),

closed as (
    select
        *,
        case closed_rule
            when 'given' then {{ business_date('closed_at', 'business_timezone') }}
            when 'close_date' then expected_close_on
            when 'history' then {{ business_date('history_closed_at', 'business_timezone') }}
        end as closed_on
    from dated
)

select
    closed.global_deal_id as deal_id,
    closed.global_account_id as account_id,
    closed.global_contact_id as contact_id,
    closed.global_lead_id as lead_id,
    closed.global_owner_id as owner_id,
    {{ global_id('closed._system', 'closed.campaign_id') }} as campaign_id,
    {{ global_id('closed._system', 'closed.product_id') }} as product_id,
    closed._system as system,
    closed.account_rule,
    closed.unresolved_ids,
    closed.name,
    closed.pipeline,
    closed.stage,
    closed.known_status as status,
    coalesce(closed.lead_source, closed.lead_source_of_lead) as lead_source,
    closed.lost_reason,
    closed.forecast_category,
    closed.currency,
    closed.base_currency,
    closed.closed_rule,
    closed.amount,
    {{ money('closed.amount * rates.rate') }} as amount_base,
    closed.probability,
    case when closed.known_status = 'won' then {{ days_from('closed.created_on', 'closed.closed_on') }} end as cycle_days,
    closed.created_at,
    closed.created_on,
    closed.first_known_on,
    closed.expected_close_on,
    closed.closed_at,
    closed.closed_on,
    {{ provenance('closed') }}
from closed
left join rates
    on closed.currency = rates.currency
    and coalesce(closed.closed_on, closed.as_of_date) = rates.rate_date
