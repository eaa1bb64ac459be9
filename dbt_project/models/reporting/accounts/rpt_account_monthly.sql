-- Grain: one row per account and month, every month from the account's first to its last event up to the as-of date.
-- What ends in _to_date is added up from the account's first month on (C18). Of a month before the first of which billing tells
-- anything nobody knows whether there was nothing.
{{ config(materialized='held_view') }}
{%- set month_end = month_end_of('months.month') %}
{%- set is_over = month_end ~ ' <= runs.as_of_date and ' ~ month_end ~ ' <= months.complete_until' %}
{%- set is_told = 'coalesce(months.month >= ' ~ month_of('feeds.told_since') ~ ', true)' %}

with account_months as (
    select
        months.* replace (
            case when {{ is_told }} then months.net_revenue end as net_revenue,
            case when {{ is_told }} or months.collected <> 0 then months.collected end as collected
        ),
        {{ is_told }} as is_told,
        feeds.complete_until
    from {{ ref('fct_account_months') }} as months
    left join {{ ref('fct_feed_ends') }} as feeds on feeds.feed = 'invoices'
    where months.is_within_activity
),

months as (
    select
        *,
        case
            when is_told then {{ known_amount(
                'sum(net_revenue) over (partition by account_id order by month)',
                'sum(unknown_net_revenue) over (partition by account_id order by month)'
            ) }}
        end as revenue_to_date,
        sum(unknown_net_revenue + unknown_cost) over (partition by account_id order by month) as unknown_to_date,
        -- NULL until the plan gives the account its first cost.
        sum(cost) over (partition by account_id order by month) as cost_to_date,
        min(case when net_revenue <> 0 or unknown_net_revenue > 0 then month end) over (partition by account_id) as first_revenue_month
    from account_months
),

-- The month from which the plan gives costs at all.
costs as (
    select min(month) as first_month from {{ ref('fct_account_months') }} where cost is not null
)

select
    months.account_id,
    months.owner_id,
    months.base_currency,
    months.status,
    months.net_revenue,
    months.collected,
    months.open_amount_end,
    months.overdue_amount_end,
    months.won_deals,
    months.won_amount,
    months.two_way_contacts,
    months.contact_days,
    months.call_contacts,
    months.email_contacts,
    months.meeting_contacts,
    months.inbound_calls,
    months.outbound_calls,
    months.cost,
    case when months.unknown_cost = 0 then {{ money('months.representation_cost') }} end as representation_cost,
    -- What is left of known revenue, or held against a plan, says nothing where a part of it is unknown.
    case when months.unknown_net_revenue + months.unknown_cost = 0 then {{ money('months.net_revenue - months.cost') }} end
        as margin,
    months.budget,
    -- A plan is of a whole month.
    case
        when months.unknown_net_revenue + months.unknown_budget = 0 and {{ is_over }}
            then {{ money('months.net_revenue - months.budget') }}
    end as budget_variance,
    case
        when months.unknown_net_revenue + months.unknown_budget = 0 and {{ is_over }}
            then {{ ratio('months.net_revenue - months.budget', 'months.budget') }}
    end as budget_variance_ratio,
    -- C16: what lies further from the plan than the parameter allows is to be acted on.
    case
        when months.unknown_net_revenue + months.unknown_budget = 0 and {{ is_over }} and months.budget > 0 then
            case
                when months.net_revenue < months.budget * (1 - {{ parameter('budget_tolerance') }}) then 'below'
                when months.net_revenue > months.budget * (1 + {{ parameter('budget_tolerance') }}) then 'above'
                else 'within'
            end
    end as budget_state,
    plans.explanation as budget_explanation,
    plans.action as budget_action,
    months.referrals,
    {{ money('months.product_uses') }} as product_uses,
    1 - {{ ratio('months.listed_net', 'months.list_amount') }} as effective_discount,
    {{ money('months.revenue_to_date') }} as revenue_to_date,
    {{ money('months.cost_to_date') }} as cost_to_date,
    case when months.unknown_to_date = 0 then {{ ratio('months.revenue_to_date', 'months.cost_to_date') }} end
        as revenue_to_cost,
    months.first_revenue_month >= costs.first_month as is_cost_from_first_deal,
    coalesce({{ is_over }}, false) as is_complete,
    months.missing_amount_count,
    months.missing_rate_count,
    months.month
from months
cross join costs
cross join {{ ref('int_run_dated') }} as runs
left join {{ ref('fct_account_plans') }} as plans
    on months.account_id = plans.account_id and months.month = plans.month and plans.plan_kind = 'budget'
