-- Parts sum to wholes: what the account months, the team and the sellers show adds up to the facts, to the last unit.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_months'}}}) }}

with run as (
    select * from {{ ref('int_run_dated') }}
),

pairs as (
    select
        'net revenue' as measure,
        (select sum(net_revenue) from {{ ref('fct_account_months') }}) as parts,
        (
            select sum(revenue_amount_base) from {{ ref('fct_invoices') }}
            where issued_on <= (select as_of_date from run)
        ) as whole
    union all
    select
        'collected',
        (select sum(collected) from {{ ref('fct_account_months') }}),
        (
            select sum(amount_base) from {{ ref('fct_payments') }}
            where received_on <= (select as_of_date from run)
        )
    union all
    select
        'revenue of the team',
        (select sum(revenue) from {{ ref('rpt_team_scorecard') }}),
        (select sum(net_revenue) from {{ ref('fct_account_months') }})
    union all
    select
        'overdue of accounts',
        (
            select sum(overdue_amount_end) from {{ ref('fct_account_months') }}
            where month = (select as_of_month from run)
        ),
        (
            select sum(overdue_amount_base) from {{ ref('fct_receivable_balances') }}
            where as_of_date = (select as_of_date from run)
        )
    union all
    select
        'overdue of the team',
        (
            select sum(overdue_amount) from {{ ref('rpt_team_scorecard') }}
            where month = (select as_of_month from run)
        ),
        (
            select sum(overdue_amount_base) from {{ ref('fct_receivable_balances') }}
            where as_of_date = (select as_of_date from run)
        )
    union all
    select
        'won deals',
        (select sum(won) from {{ ref('rpt_sales_monthly') }}),
        (
            select count(*) from {{ ref('fct_deals') }}
            where status = 'won' and closed_on is not null
        )
    union all
    select
        'won amount',
        (select sum(won_amount) from {{ ref('rpt_sales_monthly') }}),
        (
            select sum(amount_base) from {{ ref('fct_deals') }}
            where status = 'won' and closed_on is not null
        )
    union all
    select
        'open deals',
        (
            select sum(open_deals) from {{ ref('rpt_pipeline') }}
            where as_of_date = (select as_of_date from run)
        ),
        (
            select count(*) from {{ ref('fct_deals') }} where closed_rule is null
        )
)

select * from pairs where coalesce(parts, 0) <> coalesce(whole, 0)
