-- Grain: one row per month and basis (mrr, invoiced), from the basis's first month to the as-of month: what revenue
-- was kept, lost and won (V3 to V9, V13). Opening + new + expansion + reactivated − contraction − churned = closing;
-- what the month before closed at + currency_effect is the opening; closing − negative + unnamed revenue is what was sold. Columns ending in _12m compare a year with the
-- year before, or with what was running a year before.
with run as (
    select * from {{ ref('int_run_dated') }}
),

account_revenue as (
    select * from {{ ref('fct_account_revenue') }}
),

months as (
    select distinct
        dates.month,
        {{ month_number('dates.month') }} as month_number,
        dates.month_end,
        dates.month_end <= run.as_of_date as is_over,
        run.base_currency
    from {{ ref('dim_dates') }} as dates
    cross join run
    where dates.day <= run.as_of_date
),

feeds as (
    select case feed when 'subscriptions' then 'mrr' when 'invoices' then 'invoiced' end as basis, complete_until
    from {{ ref('fct_feed_ends') }}
),

sums as (
    select
        basis,
        month,
        {{ retention_sums() }}
    from account_revenue
    group by basis, month
),

firsts as (
    select basis, {{ first_month_of_revenue() }} as first_month
    from account_revenue
    group by basis
),

-- V13 by won deals: its accounts need not have an invoice.
deal_years as (
    select
        month,
        sum(won_deals) over (
            partition by account_id order by month rows between 11 preceding and current row
        ) as won_deals
    from {{ ref('fct_account_months') }}
),

repeats as (
    select
        month,
        count(*) filter (where won_deals >= 1) as winning_accounts,
        count(*) filter (where won_deals >= 2) as repeat_accounts
    from deal_years
    group by month
),

-- V6, second variant: an account is lost on the day after which none of its subscriptions runs; each day's loss is
-- divided by the accounts that the day began with, and the days of the month are added up.
subscribed as (
    select periods.account_id, periods.valid_from, periods.valid_to
    from {{ ref('fct_subscription_periods') }} as periods
    inner join {{ ref('dim_accounts') }} as accounts on periods.account_id = accounts.account_id
    where periods.monthly_amount > 0 and periods.valid_from is not null and accounts.is_named
),

starts_and_ends as (
    select account_id, valid_from as day, 1 as change from subscribed
    union all
    select account_id, {{ plus_days('valid_to', 1) }}, -1 from subscribed where valid_to is not null
),

running as (
    select account_id, day, sum(sum(change)) over (partition by account_id order by day) as subscriptions
    from starts_and_ends
    group by account_id, day
),

turns as (
    select
        day,
        case when subscriptions > 0 then 1 else -1 end as change
    from (
        select *, lag(subscriptions, 1, 0) over (partition by account_id order by day) as earlier
        from running
    ) as stepped
    cross join run
    where (subscriptions > 0) <> (earlier > 0) and day <= run.as_of_date
),

days as (
    select
        day,
        sum(case when change < 0 then 1 else 0 end) as lost,
        coalesce(sum(sum(change)) over (order by day rows between unbounded preceding and 1 preceding), 0) as active
    from turns
    group by day
),

daily_churn as (
    select {{ month_of('day') }} as month, sum({{ ratio('lost', 'active') }}) as logo_churn
    from days
    group by 1
),

filled as (
    select
        firsts.basis,
        months.month,
        months.is_over and coalesce(months.month_end <= feeds.complete_until, false) as is_complete,
        months.base_currency,
        months.month = firsts.first_month as is_history_start,
        months.month_number - {{ month_number('firsts.first_month') }}
            >= case when firsts.basis = 'mrr' then 12 when months.is_over then 23 else 24 end as has_year
    from firsts
    inner join months on months.month >= firsts.first_month
    left join feeds on firsts.basis = feeds.basis
)

{%- set movements = ['new', 'expansion', 'contraction', 'churned', 'reactivated'] %}
{%- set moneys = ['opening_revenue'] + movements + ['closing_revenue', 'currency_effect', 'negative_revenue',
    'unnamed_revenue', 'net_revenue'] %}
{%- set counts = ['opening_accounts', 'new_accounts', 'reactivated_accounts', 'churned_accounts', 'closing_accounts'] %}
{%- set year_moneys = ['opening_revenue', 'new', 'expansion', 'contraction', 'churned', 'reactivated',
    'closing_revenue'] %}
select
    filled.basis,
    filled.base_currency,
    {%- for column in moneys %}
    {{ money_sum('case when sums.basis is null then 0 else sums.' ~ column ~ ' end') }} as {{ column }},
    {%- endfor %}
    {%- for column in counts %}
    case when sums.basis is null then 0 else sums.{{ column }} end as {{ column }},
    {%- endfor %}
    {{ retention_ratios('sums', 'filled.has_year') }},
    case when filled.basis = 'invoiced' then {{ ratio('repeats.repeat_accounts', 'repeats.winning_accounts') }} end
        as repeat_deal_ratio,
    case when filled.basis = 'mrr' and sums.opening_accounts > 0 then coalesce(daily_churn.logo_churn, 0) end
        as logo_churn_daily,
    {%- for column in year_moneys %}
    case when filled.has_year then sums.{{ column }}_12m end as {{ column }}_12m,
    {%- endfor %}
    cast(coalesce(sums.missing_rate_count, 0) as bigint) as missing_rate_count,
    cast(coalesce(sums.unpriced_count, 0) as bigint) as unpriced_count,
    cast(coalesce(sums.missing_rate_count_12m, 0) as bigint) as missing_rate_count_12m,
    filled.is_complete,
    filled.is_history_start,
    filled.month
from filled
left join sums on filled.basis = sums.basis and filled.month = sums.month
left join repeats on filled.month = repeats.month
left join daily_churn on filled.month = daily_churn.month
