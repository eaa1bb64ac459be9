-- What the pages Account health and Renewals and whitespace read, on top of reporting.sql: every ninth account is red,
-- every fourth of the others yellow, every tenth has no score.
create schema fixture;

create table fixture.accounts as
select *, cast(split_part(account_id, ':', 2) as bigint) - 400 as number from reporting.rpt_accounts;

create table fixture.weeks as
select number as back, date '2026-11-20' - to_days(cast(number * 7 as integer)) as friday from range(20) as weeks(number);

create or replace table reporting.rpt_account_health as
select
    cast(date_trunc('week', friday) as date) as week_start, account_id, account_name, owner_id, segment,
    case when number % 10 = 7 then null when number % 9 = 0 then 40.0 when number % 4 = 1 then 70.0 else 90.0 end
        - back / 10 as score,
    case when number % 10 = 7 then null when number % 9 = 0 then 'red' when number % 4 = 1 then 'yellow' else 'green' end
        as band,
    case when number % 10 = 7 then 0.2 else 0.9 end as coverage, 50.0 as cash_score, 60.0 as contact_score,
    70.0 as deal_score, cast(null as double) as service_score,
    case when number % 9 = 0 then '80 % of what is open is overdue; no contact for 60 days, usually every 9' else '' end
        as reasons,
    case when number = 18 then 'paused' else 'active' end as status, back < 13 as has_measures, back = 0 as is_newest,
    case when back = 0 then date '2026-11-20' else cast(date_trunc('week', friday) as date) + 6 end as as_of_date,
    date '2026-10-01' as last_sign_on, date '2026-09-21' as last_contact_on, date '2026-10-01' as last_invoice_on
from fixture.accounts, fixture.weeks;

create or replace table reporting.rpt_account_health_measures as
select
    week_start, account_id, measure, measure_group, 'share' as unit, 'What it is' as meaning, 'rows' as evidence,
    'invoice,payment' as evidence_events, 1.0 as zero_at, 0.0 as full_at, value, 100 * (1 - value) as points,
    case when value is null then null else 0.5 end as weight, 50 * (1 - value) as contribution,
    50 - 50 * (1 - value) as lost_points, is_newest, as_of_date
from reporting.rpt_account_health,
    (values ('overdue_share', 'cash', 0.8), ('silence', 'contact', 0.4), ('open_cases', 'service', null))
        as measures(measure, measure_group, value)
where has_measures;

create or replace table reporting.rpt_health_backtest as
select
    method, threshold, case when method = 'score' then case threshold when 50 then 'red' when 75 then 'yellow' end end
        as band,
    8 as departures, cast(threshold / 25 as bigint) as flagged_before, 2 as flagged_late,
    cast(threshold / 25 as bigint) / 8.0 as recall, (cast(threshold / 25 as bigint) + 2) / 8.0 as recall_by_pause,
    41.0 as lead_days_median, 40 as alarms, cast(threshold / 25 as bigint) as alarms_before, 2 as alarms_late,
    cast(threshold as bigint) - 20 + place * 5 as alarms_false, 3 as alarms_open, 0.25 as precision, 0.02 as base_rate,
    90 as accounts, 1800 as account_weeks, 182 as horizon_days, date '2026-11-20' as as_of_date
from (values ('score', 0), ('silence', 1), ('overdue', 2)) as methods(method, place),
    (values (50.0), (75.0)) as thresholds(threshold);

create or replace table reporting.rpt_health_departures as
select
    account_id, account_name, owner_id, owner_name, segment, base_currency, revenue_12m,
    ['flagged_before', 'flagged_late', 'not_flagged'][1 + cast(number % 3 as integer)] as outcome, 45.0 as last_score,
    'red' as last_band, 0.9 as last_coverage, 'overdue_share,silence' as last_reasons,
    case when number % 3 = 0 then 30 end as lead_days, cast(null as bigint) as silence_lead_days,
    20 as overdue_lead_days, true as is_tested, date '2026-05-01' + cast(number as integer) as left_on,
    date '2026-08-01' as recognised_on, cast(null as date) as returned_on, date '2026-04-20' as flagged_on,
    cast(null as date) as silence_flagged_on, date '2026-04-20' as overdue_flagged_on, date '2026-11-20' as as_of_date
from fixture.accounts
where number % 11 = 0;

create or replace table reporting.rpt_silent_accounts as
select
    case when number % 5 = 0 then row_number() over (order by number % 5 <> 0, number) end as rank, account_id,
    account_name, owner_id, owner_name, team, segment, 'A' as tier, number % 15 = 0 as is_key_account, base_currency,
    case when number % 5 = 0 then 'call_about_renewal' end as suggested_action, 'tier' as cadence_rule,
    'call' as usual_channel, 'yellow' as health_band, 60.0 as health_score, 55.0 as score, 40.0 as silence_points,
    10.0 as money_points, 5.0 as renewal_points, 0.0 as pipeline_points,
    case when number % 5 = 0 then 40 else 3 end as days_since_contact, 14.0 as cadence_days, 6.0 as own_gap_days,
    2.9 as silence_factor, open_amount, overdue_amount, cast(0 as decimal(18, 4)) as open_pipeline, 0 as open_deals,
    0 as missing_rate_count, 6 as attempts_without_reply, 20 as days_to_renewal, number % 5 = 0 as is_silent,
    number % 10 = 0 as is_fatigued, date '2026-10-11' as last_contact_on, date '2026-11-01' as last_attempt_on,
    date '2026-12-10' as next_renewal_on, date '2026-11-20' as as_of_date
from fixture.accounts;

create or replace table reporting.rpt_renewals as
select
    'crm:c' || number as term_id, account_id, account_name, owner_id, owner_name, 'contract' as term_kind,
    '000' || number as term_number, case when number % 3 = 0 then 'renewed' else 'to_renew' end as state,
    case when number % 3 <> 0 then ['past', 'last', 'second', 'first', 'later'][1 + cast(number % 5 as integer)] end
        as renewal_window,
    base_currency, revenue_12m, cast(null as decimal(18, 4)) as monthly_amount, open_amount, overdue_amount,
    0 as missing_rate_count, number * 7 - 30 as days_to_end, 12 as days_since_contact, 80.0 as health_score,
    case when number % 9 = 0 then 'red' else 'green' end as health_band, 'active' as account_status,
    number % 3 = 0 as is_renewed, true as is_signed, date '2025-12-01' as starts_on,
    date '2026-11-20' + cast(number * 7 - 30 as integer) as ends_on, cast(null as date) as renewed_from,
    date '2026-11-08' as last_contact_on, date '2026-11-20' as as_of_date, 'Contract.csv' as _file, number + 2 as _row
from fixture.accounts;

create or replace table reporting.rpt_renewal_rates as
select
    quarter, term_kind, 'EUR' as base_currency, 10 as ended, renewed, lapsed, 10 - renewed - lapsed as undecided,
    renewed / (renewed + lapsed) as renewal_rate, cast(renewed * 1000 as decimal(18, 4)) as renewed_revenue,
    cast(lapsed * 1000 as decimal(18, 4)) as lapsed_revenue, renewed / (renewed + lapsed) as renewal_rate_amount
from (values
    (date '2026-04-01', 'contract', 8, 2), (date '2026-07-01', 'contract', 9, 1), (date '2026-10-01', 'contract', 1, 0)
) as rates(quarter, term_kind, renewed, lapsed);

create or replace table reporting.rpt_whitespace as
select
    account_id, account_name, owner_id, segment, 'crm:p' || product as product_id, 'Product ' || product as product_name,
    'Services' as category, base_currency, number % 2 = 0 as is_candidate,
    cast(product * 1000 as decimal(18, 4)) as expected_value,
    case when number % 2 = 1 then 'case_open,decider_not_reached' end as gate_reason,
    40 as segment_accounts, 20 as segment_buyers, 15 as segment_spenders, 0.5 as segment_share, false as is_by_rule,
    true as is_first_paid_on_time, number % 2 = 1 as has_open_claim, number % 2 = 0 as is_decision_maker_reached,
    'green' as health_band, 90.0 as health_score, date '2026-11-01' as decision_maker_reached_on,
    date '2026-11-20' as as_of_date
from fixture.accounts, range(1, 3) as products(product);

drop schema fixture cascade;
