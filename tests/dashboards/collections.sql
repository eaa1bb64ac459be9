-- What the page Collections reads, on top of reporting.sql: fuller tables of promises and the worklist, and the three
-- that reporting.sql lacks. Every fifth account of the list owes only what it disputes.
create schema fixture;

create table fixture.months as
select number, cast(date '2025-06-01' + to_months(number) as date) as month from range(18) as months(number);

create table fixture.accounts as
select
    number, account_id, account_name,
    case when number % 8 in (3, 6) then 'SEK' when number % 8 = 5 then 'USD' else 'EUR' end as currency
from (select *, cast(split_part(account_id, ':', 2) as bigint) - 400 as number from reporting.rpt_accounts) as numbered;

create or replace table reporting.rpt_promises as
select
    'p' || number as promise_id, account_id, account_name, currency,
    case when number % 10 = 1 then null else 'INV-' || number end as invoice_number,
    ['kept', 'partly', 'broken', 'open', 'cancelled', null][1 + number % 6] as state,
    case when number % 6 = 4 then 'replaced' end as closed_by,
    cast(900 as decimal(18, 4)) as amount,
    cast(case number % 6 when 0 then 900 when 1 then 300 else 0 end as decimal(18, 4)) as kept_amount,
    cast(case number % 6 when 1 then 600 when 2 then 900 else 0 end as decimal(18, 4)) as broken_value,
    number % 12 = 2 as is_kept_late,
    cast(date '2026-03-01' + to_days(number::int * 5) as date) as made_on,
    cast(case when number % 6 = 3 then date '2026-12-01' else date '2026-03-10' + to_days(number::int * 5) end as date)
        as promised_for,
    case when number % 6 = 0 then cast(date '2026-03-05' + to_days(number::int * 5) as date) end as kept_on,
    'promises.csv' as _file, number + 2 as _row
from fixture.accounts;

create or replace table reporting.rpt_collection_worklist as
with owing as (
    select
        accounts.*, numbers.number, numbers.number % 5 = 4 as is_disputed,
        row_number() over (order by overdue_amount desc, accounts.account_id) as place
    from reporting.rpt_accounts as accounts
    inner join fixture.accounts as numbers on accounts.account_id = numbers.account_id
    where overdue_amount > 0
)

select
    row_number() over (order by is_disputed, place) as rank, account_id, account_name, owner_id, owner_name,
    'EUR' as base_currency, overdue_amount,
    cast(case when is_disputed then 0 else overdue_amount end as decimal(18, 4)) as collectible_amount,
    cast(case when is_disputed then overdue_amount else 0 end as decimal(18, 4)) as disputed_amount,
    cast(0 as bigint) as missing_rate_count, case when overdue_amount > 1000 then 165 else 44 end as oldest_days_overdue,
    last_contact_on, 'broken' as last_promise_state, 2 as dunning_level,
    case when is_disputed then 'settle_dispute' else 'call_about_promise' end as suggested_action,
    'owes,promise_broken' as reason,
    is_disputed, case when number = 7 then '=cmd|''/c calc''!A1' else 'Ida Payer' end as contact_name,
    'Accountant' as contact_title, '+46 8 123 45 67' as contact_phone, 'ida@example.invalid' as contact_email,
    'call' as usual_channel, cast(100 - place as decimal(9, 1)) as score, cast(35 as decimal(9, 1)) as money_points,
    cast(20 as decimal(9, 1)) as age_points, cast(15 as decimal(9, 1)) as silence_points,
    cast(20 as decimal(9, 1)) as promise_points, cast(10 as decimal(9, 1)) as habit_points
from owing;

create table reporting.rpt_dunning_effect as
select
    step, ['email', 'letter', 'phone'][step] as channel, window_days, 'EUR' as base_currency, 40 / step as steps,
    3 as steps_left_out, cast(90000 / step as decimal(38, 4)) as open_at_step,
    cast(9000 * (window_days / 7.0) / step as decimal(38, 4)) as cash_after, 0.1 * (window_days / 7.0) as rate,
    0.05 * (window_days / 7.0) as low, 0.15 * (window_days / 7.0) as high,
    case when step < 3 then 0.08 * (window_days / 7.0) end as comparison_rate,
    case when step < 3 then 0.02 * (window_days / 7.0) end as difference,
    case when step < 3 then 25 else 0 end as comparison_invoices, case when step < 3 then 1.0 end as comparison_share
from range(1, 4) as steps(step), (values (7), (14), (30)) as windows(window_days);

create table reporting.rpt_documents as
select
    'crm:d' || number as deal_id, account_id, account_name, 'Deal ' || number as deal_name, currency,
    case number % 4 when 0 then null when 1 then 'act' when 2 then 'contract, rest of the payment'
        else 'act_signature' end as missing,
    cast(4000 + number as decimal(18, 4)) as won_amount, cast(4000 as decimal(18, 4)) as invoiced_amount,
    cast(number as decimal(18, 4)) as unbilled_amount, number % 9 - 2 as invoice_lag_days, number % 4 <> 2 as has_contract,
    true as has_invoice, number % 4 <> 1 as has_act, true as has_payment, number % 4 = 0 as is_complete,
    number % 6 <> 5 as is_due, true as are_invoices_linked,
    cast(date '2026-09-01' - to_days(number::int) as date) as won_on, date '2026-09-02' as contract_signed_on,
    date '2026-09-05' as first_invoice_on, cast(null as date) as act_sent_on, cast(null as date) as act_signed_on,
    date '2026-10-01' as last_payment_on, 'Opportunity.csv' as _file, number + 2 as _row
from fixture.accounts;

create table reporting.rpt_reconciliation as
select
    account_id, account_name, currency, month,
    ['no_act', 'sent', 'agreed', 'gap'][1 + (accounts.number + months.number) % 4] as state,
    'RA-' || accounts.number as document_number, cast(1000 as decimal(18, 4)) as our_closing,
    cast(case (accounts.number + months.number) % 4 when 3 then 1250 else 1000 end as decimal(18, 4)) as client_closing,
    cast(case (accounts.number + months.number) % 4 when 3 then -250 else 0 end as decimal(18, 4)) as gap,
    accounts.number % 12 <> 11 as is_active, (accounts.number + months.number) % 4 > 1 as is_covered,
    cast(null as date) as act_sent_on, cast(null as date) as act_signed_on, date '2026-11-20' as as_of_date,
    'documents.csv' as _file, accounts.number + 2 as _row
from fixture.accounts as accounts, fixture.months as months;

drop schema fixture cascade;
