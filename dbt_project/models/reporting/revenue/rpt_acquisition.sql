-- Grain: one row per month: what winning an account cost over the twelve months up to its end, beside what serving one
-- cost (C11). Winning is what channels cost in the exports of the call tracker; nobody's working time is in it.
-- Serving is what the plan's costs charge to accounts.
with months as (
    select distinct
        dates.month,
        dates.month_end <= runs.as_of_date and coalesce(dates.month_end <= feeds.complete_until, false) as is_complete,
        runs.base_currency
    from {{ ref('dim_dates') }} as dates
    cross join {{ ref('int_run_dated') }} as runs
    left join {{ ref('fct_feed_ends') }} as feeds on feeds.feed = 'invoices'
    where dates.day <= runs.as_of_date
),

channel_costs as (
    select
        {{ month_of('spent_on') }} as month,
        {{ known_sum('amount_base', 'amount') }} as cost,
        count(*) filter (where coalesce(amount <> 0, false) and amount_base is null) as unknown_amounts
    from {{ ref('fct_channel_costs') }}
    where amount is not null
    group by 1
),

serving_costs as (
    select
        month,
        {{ known_total('cost', 'unknown_cost') }} as cost,
        sum(unknown_cost) as unknown_amounts,
        count(distinct case when cost > 0 then account_id end) as accounts
    from {{ ref('fct_account_months') }}
    where cost is not null or unknown_cost > 0
    group by month
),

-- Who owed something when the books began had bought before.
brought_forward as (
    select account_id, min({{ month_of('issued_on') }}) as month
    from {{ ref('fct_invoices') }}
    where document_kind = 'opening' and is_receivable
    group by account_id
),

new_accounts as (
    select revenue.first_month as month, count(distinct revenue.account_id) as accounts
    from {{ ref('fct_account_revenue') }} as revenue
    left join brought_forward
        on revenue.account_id = brought_forward.account_id and brought_forward.month <= revenue.first_month
    where revenue.basis = 'invoiced' and revenue.is_named
        and brought_forward.account_id is null
        -- Who has an invoice in the history's first month may have been there before.
        and revenue.first_month > (select min(month) from {{ ref('fct_account_revenue') }} where basis = 'invoiced')
    group by revenue.first_month
),

monthly as (
    select
        months.*,
        channel_costs.cost as channel_cost,
        channel_costs.month is not null as has_channel_cost,
        coalesce(channel_costs.unknown_amounts, 0) as unknown_channel,
        serving_costs.cost as serving_cost,
        serving_costs.month is not null as has_serving_cost,
        coalesce(serving_costs.unknown_amounts, 0) as unknown_serving,
        serving_costs.accounts as served_accounts,
        coalesce(new_accounts.accounts, 0) as new_accounts
    from months
    left join channel_costs on months.month = channel_costs.month
    left join serving_costs on months.month = serving_costs.month
    left join new_accounts on months.month = new_accounts.month
),

{%- set year = 'over (order by month rows between 11 preceding and current row)' %}
years as (
    select
        month,
        base_currency,
        is_complete,
        sum(channel_cost) {{ year }} as acquisition_cost,
        sum(new_accounts) {{ year }} as new_accounts,
        sum(serving_cost) {{ year }} as serving_cost,
        avg(served_accounts) {{ year }} as served_accounts,
        -- A year that the costs do not cover is no year.
        sum(case when has_channel_cost then 1 else 0 end) {{ year }} as channel_months,
        sum(case when has_serving_cost then 1 else 0 end) {{ year }} as serving_months,
        sum(unknown_channel) {{ year }} as unknown_channel,
        sum(unknown_serving) {{ year }} as unknown_serving
    from monthly
)

select
    month,
    base_currency,
    {{ money_sum('case when channel_months = 12 then acquisition_cost end') }} as acquisition_cost,
    cast(new_accounts as bigint) as new_accounts,
    case when channel_months = 12 and unknown_channel = 0 then {{ ratio('acquisition_cost', 'new_accounts') }} end as cost_per_new_account,
    {{ money_sum('case when serving_months = 12 then serving_cost end') }} as serving_cost,
    case when serving_months = 12 and unknown_serving = 0 then {{ ratio('serving_cost', 'served_accounts') }} end as cost_per_served_account,
    case when channel_months = 12 and serving_months = 12 and unknown_channel + unknown_serving = 0 then
        {{ ratio(ratio('acquisition_cost', 'new_accounts'), ratio('serving_cost', 'served_accounts')) }}
    end as acquisition_to_serving,
    cast(unknown_channel + unknown_serving as bigint) as missing_rate_count,
    is_complete
from years
where channel_months > 0 or serving_months > 0
