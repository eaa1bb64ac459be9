-- Grain: one row per month: how much of the revenue of the twelve months up to its end (in the as-of month, up to the
-- as-of date) comes from few accounts (V15, V16). An account with less than nothing counts as nothing; what is below
-- zero stands apart, and so does what names no customer. The key accounts are those of the newest list that was made by then,
-- not of today's.
with account_revenue as (
    select * from {{ ref('fct_account_revenue') }} where basis = 'invoiced' and year_revenue <> 0
),

lists as (
    select distinct quarter, measured_on from {{ ref('fct_key_account_quarters') }}
),

listed as (
    select quarter, account_id from {{ ref('fct_key_account_quarters') }} where is_listed
),

-- The newest list of each month's end; months before the first one have none.
lists_then as (
    select months.month, max(lists.quarter) as quarter
    from (select distinct month, measured_on from account_revenue) as months
    inner join lists on lists.measured_on <= months.measured_on
    group by months.month
),

firsts as (
    select min(month) as month from {{ ref('fct_account_revenue') }} where basis = 'invoiced'
),

ranked as (
    select
        account_revenue.month,
        account_revenue.base_currency,
        account_revenue.is_complete,
        account_revenue.is_named,
        case when account_revenue.is_named then {{ greatest_known('account_revenue.year_revenue', '0') }} else 0 end as revenue,
        case when account_revenue.is_named then {{ greatest_known('-account_revenue.year_revenue', '0') }} else 0 end
            as negative_revenue,
        case when account_revenue.is_named then 0 else account_revenue.year_revenue end as unnamed_revenue,
        lists_then.quarter is not null as has_list,
        listed.account_id is not null as is_key,
        row_number() over (
            partition by account_revenue.month, account_revenue.is_named
            order by account_revenue.year_revenue desc, account_revenue.account_id
        ) as revenue_rank
    from account_revenue
    left join lists_then on account_revenue.month = lists_then.month
    left join listed
        on lists_then.quarter = listed.quarter and account_revenue.account_id = listed.account_id
),

totals as (
    select month, sum(revenue) as total
    from ranked
    group by month
),

added_up as (
    select
        ranked.*,
        totals.total,
        {{ ratio('ranked.revenue', 'totals.total') }} as share,
        sum(ranked.revenue) over (partition by ranked.month, ranked.is_named order by ranked.revenue_rank) - ranked.revenue
            as revenue_before
    from ranked
    inner join totals on ranked.month = totals.month
),

-- Needed for 80 % are those before whom it is not reached. Asked here and not in a FILTER: there DuckDB 2.0.0 loses the
-- parameter.
shared as (
    select *, revenue > 0 and revenue_before < {{ parameter('pareto_share') }} * total as is_needed
    from added_up
),

summed as (
    select
        month,
        base_currency,
        is_complete,
        total,
        {%- for top in [1, 5, 10] %}
        {{ ratio('sum(revenue) filter (where revenue_rank <= ' ~ top ~ ')', 'total') }} as top{{ top }}_share,
        {%- endfor %}
        -- As decimals: a sum of floats depends on the order in which the rows come.
        cast(sum(cast(share * share as decimal(38, 18))) as double) as hhi,
        count(*) filter (where revenue > 0) as clients,
        nullif(count(*) filter (where is_needed), 0) as clients_for_80_percent,
        max(case when has_list then 1 else 0 end) as has_list,
        count(*) filter (where is_key) as key_accounts,
        sum(case when is_key then revenue else 0 end) as key_revenue,
        sum(negative_revenue) as negative_revenue,
        sum(unnamed_revenue) as unnamed_revenue
    from shared
    group by month, base_currency, is_complete, total
),

rates as (
    select
        month,
        sum(year_missing_rate_count) as missing_rate_count,
        coalesce(sum(year_missing_rate_count) filter (where is_named), 0) as named_missing_rate_count,
        coalesce(sum(year_unknown_count) filter (where not is_named), 0) as unnamed_unknown_count
    from {{ ref('fct_account_revenue') }}
    where basis = 'invoiced'
    group by month
)

select
    summed.month,
    summed.base_currency,
    {{ money_sum('summed.total') }} as revenue,
    {{ money_sum('summed.negative_revenue') }} as negative_revenue,
    {{ known_revenue('summed.unnamed_revenue', 'rates.unnamed_unknown_count') }} as unnamed_revenue,
    summed.clients,
    {%- for column in ['top1_share', 'top5_share', 'top10_share', 'hhi', 'clients_for_80_percent'] %}
    case when rates.named_missing_rate_count = 0 then summed.{{ column }} end as {{ column }},
    {%- endfor %}
    case when rates.named_missing_rate_count = 0 then {{ ratio('summed.clients_for_80_percent', 'summed.clients') }} end
        as clients_for_80_percent_share,
    case when summed.has_list = 1 and rates.named_missing_rate_count = 0 then summed.key_accounts end as key_accounts,
    case
        when summed.has_list = 1 and rates.named_missing_rate_count = 0 then {{ ratio('summed.key_revenue', 'summed.total') }}
    end as key_account_share,
    {{ least_known(
        month_number('summed.month') ~ ' - ' ~ month_number('firsts.month') ~ ' + 1', '12'
    ) }} as window_months,
    cast(coalesce(rates.missing_rate_count, 0) as bigint) as missing_rate_count,
    summed.is_complete
from summed
cross join firsts
left join rates on summed.month = rates.month
