-- What the page Revenue reads, on top of reporting.sql: retention in two bases with its parts, cohorts, concentration,
-- customer value. Opening and movements add up to the closing; November 2026 is not over.
create schema fixture;

create table fixture.months as
select number, cast(date '2025-06-01' + to_months(number) as date) as month from range(18) as months(number);

create table fixture.accounts as
select *, cast(split_part(account_id, ':', 2) as integer) - 400 as number from reporting.rpt_accounts;

create or replace table fixture.moves as
select
    months.number, months.month, months.month < date '2026-11-01' as is_complete, bases.basis,
    cast(bases.size * (1 + 0.01 * months.number) as decimal(38, 4)) as opening_revenue,
    cast(bases.size * 0.04 as decimal(38, 4)) as new, cast(bases.size * 0.06 as decimal(38, 4)) as expansion,
    cast(bases.size * 0.03 as decimal(38, 4)) as contraction, cast(bases.size * 0.07 as decimal(38, 4)) as churned,
    cast(bases.size * 0.01 as decimal(38, 4)) as reactivated
from fixture.months as months, (values ('invoiced', 200000), ('mrr', 50000)) as bases(basis, size);

create or replace table fixture.retention as
select
    basis, 'EUR' as base_currency, opening_revenue, new, expansion, contraction, churned, reactivated,
    cast(opening_revenue + new + expansion + reactivated - contraction - churned as decimal(38, 4)) as closing_revenue,
    cast(120 as decimal(38, 4)) as currency_effect, cast(0 as decimal(38, 4)) as negative_revenue,
    40 as opening_accounts, 2 as new_accounts, 1 as reactivated_accounts, 3 as churned_accounts, 40 as closing_accounts,
    cast((opening_revenue + expansion - contraction - churned) / opening_revenue as double) as nrr,
    cast((opening_revenue - contraction - churned) / opening_revenue as double) as grr, 0.075 as logo_churn,
    cast((churned + contraction - expansion - reactivated) / opening_revenue as double) as net_churn,
    1.0::double as quick_ratio, case when number >= 12 then 1.07 end as nrr_12m, case when number >= 12 then 0.91 end as grr_12m,
    case when number >= 12 then 0.11 end as logo_churn_12m,
    case when basis = 'invoiced' then 12 end as noncontract_accounts,
    case when basis = 'invoiced' then 2 end as noncontract_churned,
    case when basis = 'invoiced' then 2 / 12 end as noncontract_churn,
    case when basis = 'invoiced' then 0.61 end as repeat_purchase_ratio,
    case when month = date '2026-10-01' then 3 else 0 end as missing_rate_count, case when month = date '2026-09-01' then 1 else 0 end as unpriced_count, is_complete, month
from fixture.moves;

create or replace table reporting.rpt_revenue_retention as
select
    *, 0.34 as repeat_deal_ratio, case when basis = 'mrr' then 0.081 end as logo_churn_daily,
    case when nrr_12m is not null then opening_revenue * 10 end as opening_revenue_12m,
    case when nrr_12m is not null then new * 10 end as new_12m,
    case when nrr_12m is not null then expansion * 10 end as expansion_12m,
    case when nrr_12m is not null then contraction * 10 end as contraction_12m,
    case when nrr_12m is not null then churned * 10 end as churned_12m,
    case when nrr_12m is not null then reactivated * 10 end as reactivated_12m,
    case when nrr_12m is not null then closing_revenue * 10 end as closing_revenue_12m
from fixture.retention;

create or replace table reporting.rpt_revenue_retention_groups as
select
    parts.grouping_kind, parts.grouping_value, retention.* replace (
        cast(closing_revenue * parts.share as decimal(38, 4)) as closing_revenue,
        case when parts.grouping_value = 'North' then 0.77 else nrr_12m end as nrr_12m
    )
from fixture.retention as retention, (values
    ('segment', 'Enterprise', 0.7), ('segment', 'Small', 0.3), ('team', 'North', 0.6), ('team', '(not known)', 0.4),
    ('owner', 'crm:1', 1.0), ('parent', 'crm:402', 0.1)
) as parts(grouping_kind, grouping_value, share);

create or replace table reporting.rpt_account_revenue as
select
    accounts.account_id, accounts.owner_id, bases.basis, 'EUR' as base_currency,
    case number % 4 when 0 then 'unchanged' when 1 then 'churned' when 2 then 'expansion' else 'new' end as movement,
    case number % 4 when 0 then 'unchanged' when 1 then 'churned' when 2 then 'contraction' else 'new' end as movement_12m,
    cast(case when number % 4 = 3 then 0 else 100 * (number + 1) end as decimal(18, 4)) as opening_revenue,
    cast(case when number % 4 = 1 then 0 else 110 * (number + 1) end as decimal(18, 4)) as closing_revenue,
    cast(case when number % 4 = 3 then 0 else 1000 * (number + 1) end as decimal(18, 4)) as opening_revenue_12m,
    cast(case when number % 4 = 1 then 0 else 900 * (number + 1) end as decimal(18, 4)) as closing_revenue_12m,
    date '2026-10-01' as month
from fixture.accounts as accounts, (values ('invoiced'), ('mrr')) as bases(basis);

create or replace table reporting.rpt_cohorts as
select
    cohorts.month as cohort_month, cast(months.number - cohorts.number as integer) as month_number,
    'EUR' as base_currency, 4 as cohort_accounts, 4 - (months.number - cohorts.number) % 4 as accounts,
    cast(1000 as decimal(38, 4)) as revenue, 1.0 - 0.05 * (months.number - cohorts.number) as retention,
    1 - 0.25 * ((months.number - cohorts.number) % 4) as account_retention, 0 as missing_rate_count,
    cohorts.number = 0 as is_history_start, months.month
from fixture.months as cohorts
inner join fixture.months as months on months.number >= cohorts.number and months.month < date '2026-11-01'
where cohorts.number % 5 = 0 and cohorts.month < date '2026-11-01';

create or replace table reporting.rpt_concentration as
select
    month, 'EUR' as base_currency, cast(2400000 as decimal(38, 4)) as revenue, cast(150 as decimal(38, 4)) as negative_revenue,
    48 as clients, 0.08 + 0.01 * sin(number) as top1_share, 0.24 + 0.02 * cos(number * 0.6) as top5_share,
    0.41 + 0.02 * sin(number * 0.6) as top10_share, 0.03 as hhi, 26 as clients_for_80_percent,
    26 / 48 as clients_for_80_percent_share, 6 as key_accounts, 0.2 + 0.01 * number as key_account_share,
    12 as window_months, month < date '2026-11-01' as is_complete, 0 as missing_rate_count
from fixture.months;

create or replace table reporting.rpt_account_value as
with ranked as (
    select *, row_number() over (order by revenue_12m desc) as revenue_rank from fixture.accounts
)

select
    account_id, 'EUR' as base_currency, segment,
    case when number % 7 = 6 then null when number % 3 = 0 then 'best' else 'slipping away' end as rfm_segment,
    cast(10000 - 100 * number as decimal(18, 4)) as clv_historic, cast(2000 as decimal(18, 4)) as tax_in_cash,
    cast(40000 as decimal(18, 4)) as clv_predicted, cast(30000 as decimal(18, 4)) as clv_low,
    cast(60000 as decimal(18, 4)) as clv_high, revenue_12m, revenue_rank,
    cast(revenue_12m as double) / sum(revenue_12m) over () as revenue_share,
    cast(sum(revenue_12m) over (order by revenue_rank) as double) / sum(revenue_12m) over () as revenue_share_so_far,
    1 + number % 5 as recency_score, 1 + number % 4 as frequency_score, 1 + number % 3 as monetary_score,
    number as days_since_payment, 'segment' as churn_basis, number % 6 = 0 as is_revenue_based,
    case when number = 5 then 2 else 0 end as missing_rate_count
from ranked;

create or replace table reporting.rpt_account_value_groups as
select
    'owner' as grouping_kind, coalesce(owner_id, '(not known)') as grouping_value, 'EUR' as base_currency,
    count(*) as accounts, sum(worth.revenue_12m) as revenue_12m, sum(clv_historic) as clv_historic,
    sum(tax_in_cash) as tax_in_cash, sum(clv_predicted) as clv_predicted, sum(clv_low) as clv_low,
    sum(clv_high) as clv_high, 1 as revenue_based_accounts, 0 as missing_rate_count
from reporting.rpt_account_value as worth
inner join fixture.accounts as accounts using (account_id)
group by owner_id;

create or replace table reporting.rpt_acquisition as
select
    date '2026-10-01' as month, 'EUR' as base_currency, cast(9000 as decimal(38, 4)) as acquisition_cost,
    3 as new_accounts, 3000.0::double as cost_per_new_account, cast(48000 as decimal(38, 4)) as serving_cost,
    1000.0::double as cost_per_served_account, 3.0::double as acquisition_to_serving, true as is_complete;

create or replace table reporting.rpt_reference_lines as
select * from (values
    ('a', 'V16', 'rpt_concentration', 'key_account_share', 'share', 'in 1975', 'A book (1999)', 0.23),
    ('b', 'C11', 'rpt_acquisition', 'acquisition_to_serving', 'times', 'times what keeping one costs', 'A talk', 5.0)
) as reference_lines(reference_id, metric_id, table_name, column_name, unit, label, source, value);

create or replace table reporting.rpt_account_monthly as
select
    *, sum(net_revenue) over (partition by account_id order by month) as revenue_to_date,
    case when account_id = 'crm:400' then cast(1000 as decimal(38, 4)) end as cost_to_date,
    case when account_id = 'crm:400' then cast(sum(net_revenue) over (partition by account_id order by month) / 1000 as double)
    end as revenue_to_cost,
    case when account_id = 'crm:400' then false end as is_cost_from_first_deal
from reporting.rpt_account_monthly;

drop schema fixture cascade;
