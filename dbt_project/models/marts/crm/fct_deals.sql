-- Grain: one row per deal. Amounts stand as the CRM has them today; the base amount is at the rate of the day on which
-- the deal was closed, for an open deal at the as-of date's. Whether it is open on the run's day is what fct_deal_intervals says
-- of that day: its record tells, or what its stage history has told since (closed_rule 'history', or opened again).
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

dated as (
    select * from {{ ref('int_deals_dated') }}
),

-- What the stage history says of each deal: its last state, and when it last showed the deal as opened again.
histories as (
    select
        deal_id,
        {{ last_by('status', 'stage_number') }} as last_status,
        max(entered_on) as last_entered_on,
        max(day) filter (where is_reopening) as reopened_on
    from {{ ref('int_deal_stages_ordered') }}
    group by deal_id
),

-- The newest row of the history tells what the record does not know yet: that an open deal was closed, or that a closed one
-- was opened again, or is open still where nobody knows when it was closed.
judged as (
    select
        dated.*,
        histories.last_status,
        histories.last_entered_on,
        dated.record_closed_rule is null and coalesce(histories.last_status in ('won', 'lost'), false)
            as is_closed_by_history,
        dated.record_closed_rule is not null
        and coalesce(histories.last_status not in ('won', 'lost'), true)
        and coalesce(
            histories.reopened_on > dated.record_closed_on,
            dated.record_closed_rule = 'unknown' and histories.last_status = 'open',
            false
        ) as is_open_by_history
    from dated
    left join histories on dated.deal_id = histories.deal_id
),

closed as (
    select
        deals.*,
        resolved.deal_id as global_deal_id,
        resolved.account_id as global_account_id,
        resolved.contact_id as global_contact_id,
        resolved.lead_id as global_lead_id,
        resolved.account_rule,
        resolved.unresolved_ids,
        resolved.unresolved_account_id,
        resolved.lead_source as lead_source_of_lead,
        resolved.referrer_id,
        employees.employee_id as global_owner_id,
        judged.created_on,
        judged.first_known_on,
        case
            when judged.is_closed_by_history then judged.last_status
            when judged.is_open_by_history then 'open'
            else judged.record_status
        end as known_status,
        case
            when judged.is_closed_by_history then 'history'
            when not judged.is_open_by_history then judged.record_closed_rule
        end as closed_rule,
        case when not judged.is_open_by_history then deals.closed_at end as known_closed_at,
        case
            when judged.is_closed_by_history then judged.last_entered_on
            when not judged.is_open_by_history then judged.record_closed_on
        end as closed_on,
        run.as_of_date,
        run.base_currency
    from deals
    inner join resolved on deals._system = resolved.system and deals.deal_id = resolved.native_id
    inner join judged on resolved.deal_id = judged.deal_id
    left join employees on deals._system = employees.system and deals.owner_id = employees.reference
    cross join run
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
    closed.unresolved_account_id,
    closed.name,
    closed.pipeline,
    closed.stage,
    closed.known_status as status,
    coalesce(closed.lead_source, closed.lead_source_of_lead) as lead_source,
    closed.referred_by,
    closed.referrer_id,
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
    closed.known_closed_at as closed_at,
    closed.closed_on,
    {{ provenance('closed') }}
from closed
left join rates
    on closed.currency = rates.currency
    and coalesce(closed.closed_on, closed.as_of_date) = rates.rate_date
