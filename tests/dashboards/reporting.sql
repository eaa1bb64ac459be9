-- A small company's schema `reporting`, with the columns of the data contract: 48 accounts in three currencies over
-- 18 months up to 2026-11-20. Every value is a function of a row's number, so it is the same each time. Buckets add up
-- to open amounts, and the open invoices to the buckets of the as-of date.
create schema reporting;
create schema fixture;

create table fixture.months as
select
    number,
    cast(date '2025-06-01' + to_months(number) as date) as month,
    cast(least(date '2025-07-01' + to_months(number) - interval 1 day, date '2026-11-20') as date) as as_of_date
from range(18) as months(number);

create table fixture.people as
select * from (values
    ('crm:1', 'Astrid Berg', 'North'), ('crm:2', 'Piotr Lind', 'North'), ('crm:3', 'Maja Roth', 'South'),
    ('crm:4', 'Idris Khan', 'South'), ('crm:5', 'Vera Sand', 'East')
) as people(employee_id, employee_name, team);

create table fixture.rates as
select * from (values ('EUR', 1.0), ('SEK', 0.09), ('USD', 0.92)) as rates(currency, rate);

create table fixture.accounts as
select
    number,
    'crm:' || (400 + number) as account_id,
    case number
        when 7 then '<script>alert(1)</script> **Bold** :red[Ltd] [link](http://example.invalid)'
        when 8 then '=HYPERLINK("http://example.invalid")'
        else
            ['Alder', 'Birch', 'Cedar', 'Dune', 'Elm', 'Fjord', 'Granite', 'Harbour', 'Iris', 'Juniper', 'Kelp', 'Larch'][
                1 + number % 12
            ] || ' ' || ['Works', 'Foods', 'Freight', 'Systems', 'Textiles'][1 + number % 5]
            || case when number > 24 then ' AB' else '' end
    end as account_name,
    case when number % 13 = 5 then null else 'crm:' || (1 + number % 5) end as owner_id,
    ['Enterprise', 'Mid-market', 'Small'][1 + number % 3] as segment,
    case when number % 11 = 3 then null else ['SE', 'DE', 'FR', 'US'][1 + number % 4] end as country,
    case when number % 12 = 7 then 'paused' when number % 12 = 11 then 'lost' else 'active' end as status,
    case when number % 8 in (3, 6) then 'SEK' when number % 8 = 5 then 'USD' else 'EUR' end as currency
from range(48) as accounts(number);

create table reporting.rpt_receivable_aging as
with opened as (
    select
        as_of_date, account_id, account_name, currency, accounts.number as a, months.number as m,
        cast(round(
            case currency when 'SEK' then 11 else 1 end * (2500 + accounts.number * 7919 % 9000)
            * (1.1 + 0.35 * sin(months.number * 0.6 + accounts.number)), 2
        ) as decimal(18, 4)) as open_amount
    from fixture.accounts as accounts, fixture.months as months
    where accounts.number % 12 <> 10
),

shared as (
    select
        *,
        cast(round(open_amount * (0.12 + 0.06 * sin(m * 0.5)), 2) as decimal(18, 4)) as days_1_30,
        cast(round(open_amount * (0.05 + 0.02 * (a % 3)), 2) as decimal(18, 4)) as days_31_60,
        cast(round(open_amount * 0.03 * (a % 4), 2) as decimal(18, 4)) as days_61_90,
        cast(round(open_amount * 0.02 * (a % 2), 2) as decimal(18, 4)) as days_91_120,
        cast(round(case when a % 6 = 1 then open_amount * 0.11 else 0 end, 2) as decimal(18, 4)) as days_over_120
    from opened
)

select
    as_of_date, account_id, account_name, currency,
    open_amount - days_1_30 - days_31_60 - days_61_90 - days_91_120 - days_over_120 as not_due,
    days_1_30, days_31_60, days_61_90, days_91_120, days_over_120, open_amount,
    cast(case when a % 16 = 4 then 120 else 0 end as decimal(18, 4)) as credit_amount,
    days_1_30 + days_31_60 + days_61_90 + days_91_120 + days_over_120 as overdue_amount,
    cast(case when a % 9 = 2 then 310.5 else 0 end as decimal(18, 4)) as unapplied_amount,
    open_amount - credit_amount - unapplied_amount as net_amount
from shared;

create table reporting.rpt_open_invoices as
with buckets as (
    unpivot (select * from reporting.rpt_receivable_aging where as_of_date = date '2026-11-20')
    on not_due, days_1_30, days_31_60, days_61_90, days_91_120, days_over_120 into name aging_bucket value amount
),

aged as (
    select
        *,
        case aging_bucket
            when 'not_due' then -12 when 'days_1_30' then 9 when 'days_31_60' then 44 when 'days_61_90' then 77
            when 'days_91_120' then 101 else 165
        end as days_overdue,
        row_number() over (order by account_id, aging_bucket) as line
    from buckets
    where amount <> 0
)

select
    'books:' || line as invoice_id, 'INV-' || (10000 + line) as invoice_number, '1' as instalment_number, aged.account_id,
    aged.account_name, accounts.owner_id, cast(date '2026-11-20' - days_overdue::int - 30 as date) as issued_on,
    cast(date '2026-11-20' - days_overdue::int as date) as due_on, days_overdue, aging_bucket, aged.currency,
    cast(amount * 1.25 as decimal(18, 4)) as gross_amount, amount as open_amount,
    cast(amount * rate as decimal(18, 4)) as open_amount_base, line % 17 = 3 as is_disputed,
    case when days_overdue > 30 then 2 when days_overdue > 0 then 1 end as dunning_level,
    cast(greatest(days_overdue, 0) * amount * 0.0002 as decimal(18, 4)) as late_interest, 'explicit' as allocation,
    'invoices_2026.csv' as _file, line + 1 as _row
from aged
join fixture.accounts as accounts using (account_id)
join fixture.rates as rates on rates.currency = aged.currency;

create table reporting.rpt_account_monthly as
select
    account_id, month,
    cast(round((1800 + number_a * 4243 % 7000) * (1 + 0.3 * cos(number_m * 0.5 + number_a)), 2) as decimal(18, 4)) as net_revenue,
    cast(round((1900 + number_a * 4243 % 7000) * (1 + 0.3 * sin(number_m * 0.5 + number_a)), 2) as decimal(18, 4)) as collected,
    cast(aging.open_amount * rate as decimal(18, 4)) as open_amount_end,
    cast(aging.overdue_amount * rate as decimal(18, 4)) as overdue_amount_end,
    case when (number_a + number_m) % 7 = 0 then 1 else 0 end as won_deals,
    cast(case when (number_a + number_m) % 7 = 0 then 4200 else 0 end as decimal(18, 4)) as won_amount,
    (number_a + number_m) % 4 as two_way_contacts, (number_a * number_m) % 3 as inbound_calls,
    (number_a + 2 * number_m) % 5 as outbound_calls, cast(null as decimal(18, 4)) as cost,
    cast(null as decimal(18, 4)) as margin, cast(null as decimal(18, 4)) as budget,
    cast(null as decimal(18, 4)) as budget_variance, cast(null as double) as effective_discount, 'EUR' as base_currency
from (
    select accounts.*, accounts.number as number_a, months.month, months.as_of_date, months.number as number_m
    from fixture.accounts as accounts, fixture.months as months
) as spine
join fixture.rates as rates using (currency)
left join reporting.rpt_receivable_aging as aging using (account_id, as_of_date);

create table reporting.rpt_accounts as
select
    accounts.account_id, accounts.account_name, case when number = 30 then 'crm:402' end as parent_account_id, owner_id,
    employee_name as owner_name, team, segment, country, status, ['A', 'B', 'C'][1 + number % 3] as tier,
    number % 9 = 0 as is_key_account, revenue_12m, cast(aging.open_amount * rate as decimal(18, 4)) as open_amount,
    cast(aging.overdue_amount * rate as decimal(18, 4)) as overdue_amount,
    cast(aging.unapplied_amount * rate as decimal(18, 4)) as unapplied_amount,
    cast(date '2026-11-18' - (number * 3 % 60)::int as date) as last_payment_on,
    cast(500 + number * 10 as decimal(18, 4)) as last_payment_amount,
    case when aging.open_amount is not null then date '2026-12-02' end as next_due_on,
    cast(null as date) as last_act_sent_on,
    case when number % 10 <> 4 then cast(date '2026-11-19' - (number * 5 % 90)::int as date) end as last_contact_on,
    ['call', 'email', 'meeting'][1 + number % 3] as usual_channel,
    case when number % 10 <> 4 then cast(35 + number * 37 % 60 as double) end as health_score,
    0.4 + number % 6 * 0.1 as card_completeness, date '2025-06-04' as first_invoice_on, 'EUR' as base_currency,
    30 as payment_terms_days, 'Accounts.csv' as _file, number + 2 as _row
from fixture.accounts as accounts
join fixture.rates as rates using (currency)
left join fixture.people as people on people.employee_id = owner_id
left join reporting.rpt_receivable_aging as aging
    on aging.account_id = accounts.account_id and aging.as_of_date = date '2026-11-20'
left join (
    select account_id, sum(net_revenue) as revenue_12m
    from reporting.rpt_account_monthly where month >= date '2025-12-01' group by account_id
) as revenue on revenue.account_id = accounts.account_id;

create table reporting.rpt_receivable_aging_buckets as
select as_of_date, account_id, currency, 'days_up_to_0' as bucket, 1 as bucket_number, cast(null as bigint) as from_days,
    0 as to_days, not_due as open_amount, cast(0 as decimal(18, 4)) as open_amount_by_issue
from reporting.rpt_receivable_aging
union all
select as_of_date, account_id, currency, 'days_1_30', 2, 1, 30, days_1_30, not_due from reporting.rpt_receivable_aging
union all
select as_of_date, account_id, currency, 'days_over_30', 3, 31, null, open_amount - not_due - days_1_30,
    open_amount - not_due
from reporting.rpt_receivable_aging;

create table reporting.rpt_receivable_kpis as
with parts as (
    select as_of_date, currency, open_amount, overdue_amount, unapplied_amount from reporting.rpt_receivable_aging
    union all
    select as_of_date, 'ALL', open_amount * rate, overdue_amount * rate, unapplied_amount * rate
    from reporting.rpt_receivable_aging join fixture.rates using (currency)
),

summed as (
    select as_of_date, currency, sum(open_amount) as open_amount, sum(overdue_amount) as overdue_amount,
        sum(unapplied_amount) as unapplied_amount
    from parts group by all
)

select
    months.month, currency, cast(open_amount * 0.82 as decimal(38, 4)) as sales,
    cast(open_amount * 0.79 as decimal(38, 4)) as collected, cast(open_amount as decimal(38, 4)) as open_amount,
    cast(overdue_amount as decimal(38, 4)) as overdue_amount,
    cast(overdue_amount as double) / nullif(cast(open_amount as double), 0) as overdue_ratio,
    cast(unapplied_amount as decimal(38, 4)) as unapplied_amount, 41 + 4 * sin(number * 0.6) as dso_simple,
    40.5 + 4 * sin(number * 0.6) as dso_average, 38 + 5 * sin(number * 0.55) as dso_countback, 44.0 as dso_weighted,
    31 + 2 * sin(number * 0.5) as best_possible_dso, 10 + 2 * sin(number * 0.6) as delinquent_days,
    9 + 3 * sin(number * 0.4) as average_days_delinquent, 6.5 as average_delay_days,
    37 + 3 * cos(number * 0.4) as average_payment_days, 0.71 + 0.07 * sin(number * 0.7) as on_time_ratio_amount,
    0.68 + 0.05 * sin(number * 0.7) as on_time_ratio_count, 82.0 as collection_effectiveness,
    81.0 as collection_effectiveness_cash, 8.9 as turnover, cast(open_amount * 0.03 as decimal(38, 4)) as provision,
    0.004 as bad_debt_ratio, 0.05 + 0.01 * cos(number) as disputed_share, 0.44 as top10_share, 0.041 as hhi
from summed join fixture.months as months using (as_of_date);

create table reporting.rpt_receivable_movements as
with ordered as (
    select months.month, account_id, currency, open_amount,
        lag(open_amount) over (partition by account_id, currency order by months.month) as before
    from reporting.rpt_receivable_aging join fixture.months as months using (as_of_date)
)

select
    month, account_id, currency, coalesce(before, 0) as opening, open_amount - coalesce(before, 0) + 1500 as invoiced,
    cast(-100 as decimal(18, 4)) as credited, cast(-1350 as decimal(18, 4)) as collected,
    cast(-50 as decimal(18, 4)) as written_off, cast(0 as decimal(18, 4)) as refunded, cast(0 as decimal(18, 4)) as other,
    open_amount as closing
from ordered;

create table reporting.rpt_account_timeline as
select
    account_id, timestamptz '2026-11-18 09:30:00+00' - to_days(event * 6::int) as occurred_at,
    ['invoice', 'payment', 'call', 'email', 'deal_won'][1 + event % 5] as event_type,
    case when number = 7 and event = 0 then '<img src=x onerror=alert(1)> **not bold**' else 'Event ' || event end as title,
    case when event % 5 in (0, 1, 4) then cast(100 * (event + 1) as decimal(18, 4)) end as amount,
    case when event % 5 in (0, 1, 4) then currency end as currency, owner_id as employee_id, 'events.csv' as _file,
    number * 20 + event + 2 as _row
from fixture.accounts, range(20) as events(event);

create table reporting.rpt_receivable_accounts as
select account_id, account_name, currency, open_amount, overdue_amount, unapplied_amount,
    10 + 5 * length(account_name) as average_days_delinquent, 36.0 as average_payment_days, 0.74 as on_time_ratio_amount,
    case
        when 10 + 5 * length(account_name) <= 60 then 'A' when 10 + 5 * length(account_name) <= 75 then 'B'
        when 10 + 5 * length(account_name) <= 90 then 'C' else 'D'
    end as payment_rating,
    cast(20000 as decimal(18, 4)) as credit_limit, open_amount - unapplied_amount + 11000 as credit_used,
    cast(open_amount - unapplied_amount + 11000 as double) / 20000 as credit_used_ratio,
    open_amount - unapplied_amount + 11000 > 20000 as is_over_limit, cast(0 as decimal(18, 4)) as disputed_amount,
    cast(11000 as decimal(18, 4)) as unbilled_amount, cast(0 as decimal(18, 4)) as open_orders_amount,
    case when length(account_name) > 9 then 2.5 - length(account_name) % 5 end as delinquency_trend,
    cast(null as double) as promises_kept_ratio
from reporting.rpt_receivable_aging where as_of_date = date '2026-11-20';

create table reporting.rpt_roll_rates as
with cells as (
    select months.month, months.as_of_date, number, segment, bucket, place, base_open
    from fixture.months as months,
        (values ('Enterprise', 1), ('Mid-market', 2), ('(not known)', 3)) as segments(segment, scale),
        (values ('not_due', 1, 90000), ('days_1_30', 2, 30000), ('days_31_60', 3, 9000), ('days_61_90', 4, 4000),
            ('days_91_120', 5, 1500), ('days_over_120', 6, 800)) as buckets(bucket, place, base_open)
)

select
    month, as_of_date, segment, bucket, place as bucket_number, cast(base_open as decimal(38, 4)) as open_amount,
    case when month < date '2026-10-01' and place < 6 then 0.15 + 0.1 * place + 0.05 * sin(number) end as roll_rate,
    case when place < 6 then 0.01 * place * place end as loss_rate,
    case when place < 6 then 0.01 * place * place end as provision_rate,
    cast(case when place < 6 then base_open * 0.01 * place * place end as decimal(38, 4)) as provision,
    case when place = 6 then 'none' when place > 3 or segment = '(not known)' then 'company' else 'segment' end as basis,
    case when place = 6 then 0 else 400 // place end as history_invoices, cast(0 as decimal(38, 4)) as specific_provision,
    cast(case when place = 6 then base_open else 0 end as decimal(38, 4)) as unprovided_amount,
    cast(base_open * 9 as decimal(38, 4)) as reached_amount, 0 as missing_rate_count,
    cast(base_open * 0.09 * place * place as decimal(38, 4)) as lost_amount
from cells;

create table reporting.rpt_promises as
select 'p' || number as promise_id, account_id, date '2026-11-10' as promised_for, cast(900 as decimal(18, 4)) as amount,
    cast(300 as decimal(18, 4)) as kept_amount, 'part_kept' as state, cast(600 as decimal(18, 4)) as broken_value
from fixture.accounts where number % 12 = 1;

create table reporting.rpt_collection_worklist as
select row_number() over (order by overdue_amount desc) as rank, account_id, overdue_amount,
    case when overdue_amount > 1000 then 165 else 44 end as oldest_days_overdue, last_contact_on,
    'broken' as last_promise_state, 2 as dunning_level, 'call_about_promise' as suggested_action,
    'late,promise_broken' as reason
from reporting.rpt_accounts where overdue_amount > 0;

create table reporting.rpt_cash_forecast as
select cast(date '2026-11-23' + to_days(week * 7::int) as date) as week_start, account_id, currency,
    cast(round(open_amount / (week + 2), 2) as decimal(18, 4)) as expected_amount, cast(0 as decimal(18, 4)) as low,
    open_amount as high
from reporting.rpt_receivable_aging, range(8) as weeks(week) where as_of_date = date '2026-11-20';

create table reporting.rpt_concentration as
select month, 0.08 + 0.01 * sin(number) as top1_share, 0.24 + 0.02 * cos(number * 0.6) as top5_share,
    0.41 + 0.02 * sin(number * 0.6) as top10_share, 0.03 as hhi, 26 as clients_for_80_percent, 0.2 as key_account_share
from fixture.months;

create table reporting.rpt_revenue_retention as
select month, 'invoiced' as basis, cast(200000 as decimal(38, 4)) as opening_revenue,
    1.02 + 0.04 * sin(number * 0.6) as nrr, 0.93 + 0.02 * sin(number * 0.6) as grr, 0.02 as logo_churn,
    0.61 as repeat_purchase_ratio, 1.4 as quick_ratio
from fixture.months;

create table reporting.rpt_pipeline as
select as_of_date, employee_id, stage, (place + people.rowid + number) % 6 + 1 as open_deals,
    cast(((place + people.rowid + number) % 6 + 1) * 5200 as decimal(38, 4)) as open_amount,
    cast(((place + people.rowid + number) % 6 + 1) * 5200 * (0.1 + place * 0.2) as decimal(38, 4)) as weighted_amount,
    (place + number) % 2 as stale_deals
from fixture.months, fixture.people as people,
    (values (0, 'Qualification'), (1, 'Needs analysis'), (2, 'Proposal'), (3, 'Negotiation')) as stages(place, stage);

create table reporting.rpt_open_deals as
select 'crm:d' || number as deal_id, account_id, 'crm:1' as employee_id, 'Renewal ' || number as deal_name,
    'Astrid Berg' as employee_name, 'Proposal' as stage, 'EUR' as currency, 'EUR' as base_currency,
    cast(4000 + number as decimal(18, 4)) as amount, cast(4000 + number as decimal(18, 4)) as amount_base,
    0.5 as probability, date '2026-10-01' as created_on, date '2026-12-20' as expected_close_on,
    'Opportunity.csv' as _file, number + 2 as _row
from fixture.accounts where number % 4 = 1;

create table reporting.rpt_sales_monthly as
select month, employee_id, 6 as created, (number + people.rowid) % 4 + 1 as won, (number * 2 + people.rowid) % 5 as lost,
    cast(((number + people.rowid) % 4 + 1) * 6100 as decimal(38, 4)) as won_amount,
    ((number + people.rowid) % 4 + 1) / ((number + people.rowid) % 4 + 1 + (number * 2 + people.rowid) % 5.0) as win_rate_count,
    0.5 as win_rate_amount, 34.0 as cycle_days_median, 1.8 as coverage, 420.0 as velocity
from fixture.months, fixture.people as people;

create table reporting.rpt_call_channels as
select month, source, 40 + (number * place) % 17 as calls, 33 + (number * place) % 9 as answered, 4 as missed,
    12 as first_time_callers, 9 as target_calls, 7 - place as leads, cast(300 * place as decimal(38, 4)) as cost,
    cast(300 * place / (7.0 - place) as decimal(38, 4)) as cost_per_lead, 2 as deals,
    cast(8000 as decimal(38, 4)) as won_amount, cast(7000 as decimal(38, 4)) as invoiced,
    cast(6400 as decimal(38, 4)) as cash_applied
from fixture.months, (values (1, 'Search ads'), (2, 'Website'), (3, 'Directory'), (4, 'Referral')) as sources(place, source);

create table reporting.rpt_call_response as
select cast(date '2026-11-20' - day_number::int as date) as day, employee_id, employee_name as agent_name,
    10 + (day_number + people.rowid) % 5 as inbound, 8 + (day_number + people.rowid) % 3 as answered,
    1 + day_number % 2 as missed, 1 as abandoned,
    (8 + (day_number + people.rowid) % 3) / (9.0 + (day_number + people.rowid) % 3 + day_number % 2) as answer_rate,
    (8 + (day_number + people.rowid) % 3) / (10.0 + (day_number + people.rowid) % 5) as answer_rate_all,
    14.5 as answer_seconds_average, 1 as handled_missed, 18.0 as callback_minutes_median, 55.0 as callback_minutes_p90
from range(60) as days(day_number), fixture.people as people
where dayofweek(date '2026-11-20' - day_number::int) not in (0, 6);

create table reporting.rpt_missed_calls as
select 'case' || number as case_id, timestamptz '2026-11-19 14:05:00+00' - to_hours(number * 9) as started_at,
    '+46 ••• ••' || (10 + number) as caller_number_masked, case when number % 4 <> 1 then account_id end as account_id,
    case when number % 4 <> 1 then overdue_amount end as overdue_amount,
    case when number % 3 = 0 then timestamptz '2026-11-19 15:00:00+00' - to_hours(number * 9) end as handled_at,
    case when number % 3 = 0 then 'Astrid Berg' end as handled_by
from fixture.accounts join reporting.rpt_accounts using (account_id) where number < 24;

create table reporting.rpt_data_health as
select * from (values
    ('books', 'billing.invoices', 2, 1204, 1200, 4, 3, 2, 4000000, 1500000, timestamptz '2026-11-20 00:00:00+00', timestamptz '2026-11-21 06:00:00+00', 'fresh', 0.97),
    ('books', 'billing.payments', 1, 880, 880, 0, 0, 0, 800000, 0, timestamptz '2026-11-19 00:00:00+00', timestamptz '2026-11-21 06:00:00+00', 'fresh', 0.97),
    ('crm', 'crm.accounts', 1, 48, 48, 0, 0, 0, 20000, 0, timestamptz '2026-10-02 00:00:00+00', timestamptz '2026-11-21 06:00:00+00', 'stale', null),
    ('phones', 'calls.calls', 3, 4302, 4300, 2, 0, 0, 600000, 0, timestamptz '2026-11-20 00:00:00+00', timestamptz '2026-11-21 06:00:00+00', 'fresh', 0.81)
) as health(source, entity, files, rows_read, rows_loaded, rows_rejected, rows_superseded, rows_vanished, raw_bytes, superseded_bytes, newest_event_at, loaded_at, freshness_state, match_coverage);

create table reporting.rpt_control_totals as
select file, entity, measure, currency, cast(total as decimal(38, 4)) as file_total, cast(total - lost as decimal(38, 4)) as loaded,
    cast(lost as decimal(38, 4)) as rejected, cast(0 as decimal(38, 4)) as superseded, cast(0 as decimal(38, 4)) as difference
from (values
    ('invoices_2025.csv', 'billing.invoices', 'rows', null, 602, 1), ('invoices_2026.csv', 'billing.invoices', 'rows', null, 602, 3),
    ('invoices_2026.csv', 'billing.invoices', 'gross_amount', 'EUR', 412889.13, 310.50), ('payments.csv', 'billing.payments', 'rows', null, 880, 0),
    ('Accounts.csv', 'crm.accounts', 'rows', null, 48, 0), ('calls_a.csv', 'calls.calls', 'rows', null, 1434, 2),
    ('calls_b.csv', 'calls.calls', 'rows', null, 1434, 0), ('calls_c.csv', 'calls.calls', 'rows', null, 1434, 0)
) as totals(file, entity, measure, currency, total, lost);

create table reporting.rpt_rejected_rows as
select *, cast(null as varchar) as part, case when entity = 'calls.calls' then 'phones_calls' else 'books_invoices' end as contract from (values
    ('invoices_2026.csv', 17, 'billing.invoices', 'issued_on', '31.02.2026', 'no such date', 'INV-17;31.02.2026;100,00', timestamptz '2026-11-21 06:00:00+00'),
    ('invoices_2026.csv', 18, 'billing.invoices', 'gross_amount', '=1+1', 'not an amount', 'INV-18;2026-02-01;=1+1', timestamptz '2026-11-21 06:00:00+00'),
    ('invoices_2026.csv', 19, 'billing.invoices', 'gross_amount', '<b>12</b>', 'not an amount', 'INV-19;2026-02-01;<b>12</b>', timestamptz '2026-11-21 06:00:00+00'),
    ('invoices_2025.csv', 4, 'billing.invoices', 'currency', 'EURO', 'not a currency code', 'INV-4;2025-02-01;9;EURO', timestamptz '2026-11-21 06:00:00+00'),
    ('calls_a.csv', 9, 'calls.calls', 'started_at', 'yesterday', 'not a time', 'c9,yesterday', timestamptz '2026-11-21 06:00:00+00'),
    ('calls_a.csv', 10, 'calls.calls', 'started_at', '', 'missing', 'c10,', timestamptz '2026-11-21 06:00:00+00')
) as rejects(file, line, entity, column_name, value, reason, row_text, landed_at);

create table reporting.rpt_superseded_rows as
select 'billing' as domain, 'invoices' as entity, 'books' as system, 'books_invoices' as contract, row_key, state, content, 'invoices_2025.csv' as file,
    cast(null as varchar) as part, newer_file, line, newer_line, timestamptz '2026-10-01 06:00:00+00' as known_at, timestamptz '2026-11-21 06:00:00+00' as superseded_at
from (values
    ('INV-7', 'changed', '{"gross_amount": "100.00"}', 'invoices_2026.csv', 8, 9), ('INV-8', 'vanished', '{"gross_amount": "250.00"}', null, 9, null),
    ('INV-9', 'vanished', '{"gross_amount": "=1+1"}', null, 10, null)
) as former(row_key, state, content, newer_file, line, newer_line);

create table reporting.rpt_receivable_findings as
select entity, row_id, account_id, 'Nordic Timber AB' as account_name, reason, meaning, what_to_do, currency, cast(amount as decimal(18, 4)) as amount,
    cast(our_amount as decimal(18, 4)) as our_amount, cast(amount - our_amount as decimal(18, 4)) as difference, date '2026-10-05' as event_date,
    'invoices_2026.csv' as _file, line as _row
from (values
    ('invoices', 'books:INV-30', 'crm:401', 'reported_balance_differs', 'The export has another balance', 'Look for payments', 'EUR', 100, 40, 31),
    ('invoices', 'books:INV-31', 'crm:401', 'reported_balance_differs', 'The export has another balance', 'Look for payments', 'USD', 10, 15, 32),
    ('invoices', 'books:INV-32', null, 'no_date', 'The row has no date', 'Correct it', 'EUR', 70, null, 33)
) as findings(entity, row_id, account_id, reason, meaning, what_to_do, currency, amount, our_amount, line);

create table reporting.rpt_schema_events as
select 'Accounts.csv' as file, 'crm_accounts' as contract, 'Loyalty tier' as column_name, 'new' as event, 'kept in _extra' as action;

create table reporting.rpt_metric_catalogue as
select * from (values
    ('R6', 'Overdue ratio', 'overdue_amount / open_amount', 'rpt_receivable_kpis', 'overdue_ratio', 'ratio'),
    ('R8', 'DSO countback', 'full days walked back * plus the rest', 'rpt_receivable_kpis', 'dso_countback', 'days')
) as metrics(metric_id, name, formula, table_name, column_name, unit);

drop schema fixture cascade;
