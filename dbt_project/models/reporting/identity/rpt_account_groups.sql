-- Grain: one row a group of accounts that parents join, with two accounts or more; all figures are sums over its accounts.
with accounts as (
    select * from {{ ref('dim_accounts') }}
),

run as (
    select * from {{ ref('dim_runs') }}
),

revenue as (
    {{ revenue_of_12_months('run') }}
),

balances as (
    select
        balances.account_id,
        sum(balances.open_amount_base) as open_amount,
        sum(balances.overdue_amount_base) as overdue_amount,
        sum(balances.unapplied_amount_base) as unapplied_amount,
        sum(balances.missing_rate_count) as missing_rate_count
    from {{ ref('fct_receivable_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
    group by balances.account_id
),

open_deals as (
    select account_id, sum(amount_base) as open_pipeline, sum(missing_rate_count) as missing_rate_count
    from {{ ref('fct_open_deals') }}
    where is_as_of
    group by account_id
),

won as (
    select
        deals.account_id,
        sum(deals.amount_base) as won_12m,
        count(*) filter (where deals.amount is not null and deals.amount_base is null) as missing_rate_count
    from {{ ref('fct_deals') }} as deals
    cross join run
    where deals.status = 'won'
        and deals.closed_on > {{ plus_months('run.as_of_date', '-12') }} and deals.closed_on <= run.as_of_date
    group by deals.account_id
)

select
    accounts.group_id,
    accounts.group_name,
    run.base_currency,
    cast(count(*) as integer) as accounts,
    cast(count(*) filter (where accounts.has_crm_record) as integer) as crm_accounts,
    cast(coalesce(sum(revenue.revenue_12m), 0) as decimal(38, 4)) as revenue_12m,
    cast(coalesce(sum(balances.open_amount), 0) as decimal(38, 4)) as open_amount,
    cast(coalesce(sum(balances.overdue_amount), 0) as decimal(38, 4)) as overdue_amount,
    cast(coalesce(sum(balances.unapplied_amount), 0) as decimal(38, 4)) as unapplied_amount,
    cast(coalesce(sum(open_deals.open_pipeline), 0) as decimal(38, 4)) as open_pipeline,
    cast(coalesce(sum(won.won_12m), 0) as decimal(38, 4)) as won_12m,
    cast(
        coalesce(sum(revenue.missing_rate_count), 0) + coalesce(sum(balances.missing_rate_count), 0)
        + coalesce(sum(open_deals.missing_rate_count), 0) + coalesce(sum(won.missing_rate_count), 0) as bigint
    ) as missing_rate_count
from accounts
cross join run
left join revenue on accounts.account_id = revenue.account_id
left join balances on accounts.account_id = balances.account_id
left join open_deals on accounts.account_id = open_deals.account_id
left join won on accounts.account_id = won.account_id
group by accounts.group_id, accounts.group_name, run.base_currency
having count(*) > 1
