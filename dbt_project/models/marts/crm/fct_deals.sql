-- Grain: one row a deal. Amounts stand as the CRM has them today; the base amount is at the rate of the day on which
-- the deal was closed, for an open deal at the as-of date's. A closed deal without a moment of closing takes its close
-- date (closed_rule): in most systems that one field means the expected day until the deal is closed, and the real one
-- after.
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
    select
        deals.*,
        resolved.deal_id as global_deal_id,
        resolved.account_id as global_account_id,
        resolved.contact_id as global_contact_id,
        resolved.lead_id as global_lead_id,
        resolved.account_rule,
        resolved.unresolved_ids,
        resolved.lead_source as lead_source_of_lead,
        employees.employee_id as global_owner_id,
        coalesce(deals.status, case when deals.closed_at is null then 'open' end) as known_status,
        {{ business_date('deals.created_at', 'run.business_timezone') }} as created_on,
        {{ business_date('deals.first_known_at', 'run.business_timezone') }} as first_known_on,
        case
            when deals.status in ('won', 'lost')
                then coalesce({{ business_date('deals.closed_at', 'run.business_timezone') }}, deals.expected_close_on)
            -- What ended is not open, even where nobody says how it ended.
            when deals.status is null then {{ business_date('deals.closed_at', 'run.business_timezone') }}
        end as closed_on,
        case
            when deals.status = 'open' or (deals.status is null and deals.closed_at is null) then null
            when deals.closed_at is not null then 'given'
            when deals.expected_close_on is not null then 'close_date'
            else 'unknown'
        end as closed_rule,
        run.as_of_date,
        run.base_currency
    from deals
    inner join resolved on deals._system = resolved.system and deals.deal_id = resolved.native_id
    left join employees on deals._system = employees.system and deals.owner_id = employees.reference
    cross join run
)

select
    dated.global_deal_id as deal_id,
    dated.global_account_id as account_id,
    dated.global_contact_id as contact_id,
    dated.global_lead_id as lead_id,
    dated.global_owner_id as owner_id,
    {{ global_id('dated._system', 'dated.campaign_id') }} as campaign_id,
    {{ global_id('dated._system', 'dated.product_id') }} as product_id,
    dated._system as system,
    dated.account_rule,
    dated.unresolved_ids,
    dated.name,
    dated.pipeline,
    dated.stage,
    dated.known_status as status,
    coalesce(dated.lead_source, dated.lead_source_of_lead) as lead_source,
    dated.lost_reason,
    dated.forecast_category,
    dated.currency,
    dated.base_currency,
    dated.closed_rule,
    dated.amount,
    {{ money('dated.amount * rates.rate') }} as amount_base,
    dated.probability,
    case when dated.known_status = 'won' then {{ days_from('dated.created_on', 'dated.closed_on') }} end as cycle_days,
    dated.created_at,
    dated.created_on,
    dated.first_known_on,
    dated.expected_close_on,
    dated.closed_at,
    dated.closed_on,
    {{ provenance('dated') }}
from dated
left join rates
    on dated.currency = rates.currency
    and least(coalesce(dated.closed_on, dated.as_of_date), dated.as_of_date) = rates.rate_date
