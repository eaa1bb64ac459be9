-- Grain: one row per cohort month and month number: the accounts with their first invoice (or credit note) in the
-- cohort's month, so many months later (V12). Every complete month, also those in which a cohort bought nothing;
-- revenue is net of tax, credit notes in their own month. What names no customer is in no cohort.
with account_revenue as (
    select * from {{ ref('fct_account_revenue') }} where basis = 'invoiced' and is_complete and is_named
),

months as (
    select distinct dates.month, runs.base_currency
    from {{ ref('dim_dates') }} as dates
    cross join {{ ref('int_run_dated') }} as runs
    inner join {{ ref('fct_feed_ends') }} as feeds on feeds.feed = 'invoices'
    where dates.month_end <= runs.as_of_date and dates.month_end <= feeds.complete_until
),

cohorts as (
    select first_month as cohort_month, count(distinct account_id) as cohort_accounts
    from account_revenue
    group by first_month
),

bought as (
    select
        first_month as cohort_month,
        month,
        {{ known_amount('count(*) filter (where revenue > 0)', 'sum(unknown_count)') }} as accounts,
        {{ known_revenue('sum(revenue)', 'sum(unknown_count)') }} as revenue,
        sum(unknown_count) as unknown_count,
        sum(missing_rate_count) as missing_rate_count
    from account_revenue
    group by first_month, month
),

numbered as (
    select
        cohorts.cohort_month,
        {{ month_number('months.month') }} - {{ month_number('cohorts.cohort_month') }} as month_number,
        months.base_currency,
        cohorts.cohort_accounts,
        case when bought.month is null then 0 else bought.accounts end as accounts,
        {{ money_sum('case when bought.month is null then 0 else bought.revenue end') }} as revenue,
        coalesce(bought.unknown_count, 0) as unknown_count,
        cast(coalesce(bought.missing_rate_count, 0) as bigint) as missing_rate_count,
        months.month
    from cohorts
    inner join months on months.month >= cohorts.cohort_month
    left join bought on cohorts.cohort_month = bought.cohort_month and months.month = bought.month
),

firsts as (
    select
        numbered.*,
        cohort_accounts >= {{ parameter('cohort_least_accounts') }} as is_large,
        first_value(revenue) over (partition by cohort_month order by month_number) as first_revenue,
        first_value(unknown_count) over (partition by cohort_month order by month_number) as first_unknown,
        {{ known_revenue(
            'sum(revenue) over (partition by cohort_month order by month_number)',
            'sum(unknown_count) over (partition by cohort_month order by month_number)'
        ) }} as revenue_to_date
    from numbered
)

-- A cohort that began with nothing, or with more credit than sales, has nothing that could be kept; what one of too few
-- accounts kept tells of these, and not of a month's customers.
select
    cohort_month,
    month_number,
    base_currency,
    cohort_accounts,
    accounts,
    revenue,
    revenue_to_date,
    case
        when first_revenue > 0 and first_unknown + unknown_count = 0 and is_large then {{ ratio('revenue', 'first_revenue') }}
    end as retention,
    case when unknown_count = 0 and is_large then {{ ratio('accounts', 'cohort_accounts') }} end as account_retention,
    missing_rate_count,
    -- Who bought before the first invoice of all is in the first cohort too: it is no cohort of new accounts.
    cohort_month = min(cohort_month) over () as is_history_start,
    month
from firsts
