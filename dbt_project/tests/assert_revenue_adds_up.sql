-- Revenue adds up: accounts to the ledger, what opened and moved to what closed, months to each other, parts to the
-- whole, cohorts and concentration to the revenue that they share out. One row per figure that does not.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_revenue'}}}) }}

with run as (
    select * from {{ ref('int_run_dated') }}
),

account_revenue as (
    select * from {{ ref('fct_account_revenue') }}
),

retention as (
    select * from {{ ref('rpt_revenue_retention') }}
),

ledger as (
    select {{ month_of('issued_on') }} as month, sum(revenue_amount_base) as revenue
    from {{ ref('fct_invoices') }}
    where issued_on <= (select as_of_date from run)
    group by 1
),

-- The trailing 12 months of each month's end, or of the as-of date in the month that runs, from the invoices' days.
of_twelve_months as (
    select ends.month, sum(invoices.revenue_amount_base) as revenue
    from (
        select distinct month, {{ least_known('month_end', 'run.as_of_date') }} as measured_on
        from {{ ref('dim_dates') }}
        cross join run
        where day <= run.as_of_date
    ) as ends
    inner join {{ ref('fct_invoices') }} as invoices
        on invoices.issued_on <= ends.measured_on and invoices.issued_on > {{ year_before('ends.measured_on') }}
    group by ends.month
),

by_month as (
    select
        basis,
        month,
        sum(revenue) as revenue,
        sum(revenue) filter (where is_named) as named_revenue,
        sum({{ greatest_known('year_revenue', '0') }}) filter (where is_named) as year_revenue
    from account_revenue
    group by basis, month
),

-- Of an account with invoices of which one has no rate the known part is net revenue; what it closed at is unknown.
unclosed as (
    select month, sum(revenue) as revenue
    from account_revenue
    where basis = 'invoiced' and closing_revenue is null
    group by month
),

-- Net revenue is what the ledger says was sold, month by month, and closing revenue less what is below zero, with what names
-- no customer.
sold as (
    select
        coalesce(retention.month, ledger.month) as month,
        {{ known_parts(
            ['retention.closing_revenue', 'unclosed.revenue', 'retention.unnamed_revenue'], ['retention.negative_revenue']
        ) }} as parts,
        retention.net_revenue,
        ledger.revenue as whole
    from (select * from retention where basis = 'invoiced') as retention
    full join ledger on retention.month = ledger.month
    left join unclosed on retention.month = unclosed.month
),

-- What subscriptions are worth on the as-of date, each at that day's rate.
running as (
    select sum(subscriptions.monthly_amount * rates.rate) as revenue, count(*) as subscription_count
    from {{ ref('fct_subscription_periods') }} as subscriptions
    inner join run
        on subscriptions.valid_from <= run.as_of_date
        and coalesce(subscriptions.valid_to, {{ end_of_time() }}) >= run.as_of_date
    inner join {{ ref('int_fx_rates_dated') }} as rates
        on subscriptions.currency = rates.currency and run.as_of_date = rates.rate_date
),

chained as (
    select
        *,
        lag(closing_revenue, 1, 0) over (partition by basis order by month) as closed_before,
        missing_rate_count + unpriced_count
        + lag(missing_rate_count + unpriced_count, 1, 0) over (partition by basis order by month) as unknown_amounts
    from retention
),

months as (
    select basis, month, opening_revenue, closing_revenue, churned, unnamed_revenue, closing_revenue_12m
    from retention
),

grouped as (
    select
        basis,
        month,
        grouping_kind,
        sum(opening_revenue) as opening_revenue,
        sum(closing_revenue) as closing_revenue,
        sum(churned) as churned,
        sum(unnamed_revenue) as unnamed_revenue
    from {{ ref('rpt_revenue_retention_groups') }}
    where grouping_kind <> 'parent'
    group by basis, month, grouping_kind
),

figures as (
    select 'revenue of accounts and ledger' as figure, cast(month as varchar(10)) as place, parts, whole from sold
    union all
    select 'net revenue and ledger', cast(month as varchar(10)), net_revenue, whole from sold
    union all
    -- To the rounding of each subscription to four decimals: that of 20,000 adds up to more than a cent.
    select
        'MRR and subscriptions on the as-of date',
        'as of',
        case
            when abs(coalesce(by_month.revenue, 0) - coalesce(running.revenue, 0))
                < {{ greatest_known('0.01', '0.00005 * running.subscription_count') }} then 0
            else 1
        end,
        0
    from running
    cross join run
    left join by_month on by_month.basis = 'mrr' and run.as_of_month = by_month.month
    union all
    select
        'opening and movements',
        basis || ' ' || cast(month as varchar(10)),
        {{ known_parts(['opening_revenue', 'new', 'expansion', 'reactivated'], ['contraction', 'churned']) }},
        closing_revenue
    from retention
    union all
    select
        'opening and movements of a year',
        basis || ' ' || cast(month as varchar(10)),
        {{ known_parts(
            ['opening_revenue_12m', 'new_12m', 'expansion_12m', 'reactivated_12m'], ['contraction_12m', 'churned_12m']
        ) }},
        closing_revenue_12m
    from retention
    union all
    select
        'opening and the month before',
        basis || ' ' || cast(month as varchar(10)),
        closed_before + currency_effect,
        opening_revenue
    from chained
    where unknown_amounts = 0
    union all
    select
        'accounts that opened, came and went',
        basis || ' ' || cast(month as varchar(10)),
        {{ known_parts(['opening_accounts', 'new_accounts', 'reactivated_accounts'], ['churned_accounts']) }},
        closing_accounts
    from retention
    union all
    select
        measure || ' by ' || grouping_kind,
        basis || ' ' || cast(month as varchar(10)),
        parts,
        whole
    from (
        select
            grouped.grouping_kind,
            months.basis,
            months.month,
            measures.measure,
            case measures.measure
                when 'opening' then grouped.opening_revenue
                when 'closing' then grouped.closing_revenue
                when 'unnamed' then grouped.unnamed_revenue
                else grouped.churned
            end as parts,
            case measures.measure
                when 'opening' then months.opening_revenue
                when 'closing' then months.closing_revenue
                when 'unnamed' then months.unnamed_revenue
                else months.churned
            end as whole
        from grouped
        inner join months on grouped.basis = months.basis and grouped.month = months.month
        cross join (
            select 'opening' as measure union all
            select 'closing' union all
            select 'unnamed' union all
            select 'churned'
        ) as measures
    ) as parted
    union all
    select 'cohorts', cast(months.month as varchar(10)), cohorts.revenue, months.named_revenue
    from (select * from by_month where basis = 'invoiced') as months
    inner join (select distinct month from account_revenue where basis = 'invoiced' and is_complete) as complete
        on months.month = complete.month
    left join (
        select month, sum(revenue) as revenue
        from {{ ref('rpt_cohorts') }}
        group by month
    ) as cohorts on months.month = cohorts.month
    union all
    select 'concentration', cast(by_month.month as varchar(10)), concentration.revenue, by_month.year_revenue
    from by_month
    left join {{ ref('rpt_concentration') }} as concentration on by_month.month = concentration.month
    where by_month.basis = 'invoiced'
    union all
    select
        'concentration and the ledger of twelve months',
        cast(month as varchar(10)),
        {{ known_parts(['revenue', 'unnamed_revenue'], ['negative_revenue']) }},
        (select of_twelve_months.revenue from of_twelve_months where of_twelve_months.month = concentration.month)
    from {{ ref('rpt_concentration') }} as concentration
    union all
    select 'revenue of accounts as of the day', 'as of', sum(revenue_12m), (
        select of_twelve_months.revenue from of_twelve_months
        inner join run on of_twelve_months.month = run.as_of_month
    )
    from {{ ref('fct_account_values') }}
    union all
    select 'value by ' || grouping_kind, 'as of', sum(clv_historic), (
        select sum(clv_historic) from {{ ref('fct_account_values') }}
    )
    from {{ ref('rpt_account_value_groups') }}
    group by grouping_kind
)

select * from figures where coalesce(parts, 0) <> coalesce(whole, 0)
