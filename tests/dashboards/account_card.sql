-- What the account card and the list of accounts read on top of the other scripts: the whole row of rpt_accounts, people,
-- the register of documents, kinds of events, and a few requirements.
create or replace table reporting.rpt_accounts as
select
    accounts.*, 'crm:402' as group_id, 'Malmö' as city, 'Media' as industry, date '2026-11-20' as as_of_date,
    case when number = 8 then '=1+1@alder.example' else 'office' || number || '@client.example' end as email,
    '+46 8 555 01 ' || right('0' || number, 2) as phone, 'https://client.example' as website, currency,
    cast(20000 as decimal(18, 4)) as credit_limit, currency as credit_currency,
    cast(21000 as decimal(18, 4)) as credit_used, case when number = 1 then 1.05 else 0.5 end as credit_used_ratio,
    0.125 as effective_discount, number = 1 as is_owner_away, date '2026-11-27' as owner_away_until,
    case when number = 1 then 'Maja Roth' end as substitute_name, 'green' as health_band,
    timestamptz '2026-11-18 09:30:00+00' - to_days(2 * 6::int) as last_contact_at, 'call' as last_contact_channel,
    'Piotr Lind' as last_contact_by, 'Ida Payer' as last_contact_person, date '2026-11-25' as next_contact_on,
    'meeting' as next_contact_type, 'Yearly review' as next_contact_subject, date '2026-11-23' as next_task_on,
    'Chase INV-10004' as next_task_subject, 3 as open_tasks, 1 as overdue_tasks, 2 as open_cases, 12 as oldest_case_days,
    'Billing' as oldest_case_reason, 1 as open_deals, cast(4001 as decimal(18, 4)) as open_deals_amount,
    date '2026-12-20' as next_close_on, 'CT-' || number as contract_number, 'in_force' as contract_state,
    date '2026-01-10' as contract_signed_on, date '2027-01-09' as contract_ends_on, 'ACT-' || number as last_act_number,
    'ACT-0' as last_signed_act_number, date '2026-11-05' as last_act_signed_on, 2 as unsigned_acts,
    date '2026-10-01' as oldest_unsigned_act_on, date '2026-11-18' as last_invoice_on, 'INV-9' as last_invoice_number,
    cast(5938.26 as decimal(18, 4)) as last_invoice_amount, currency as last_invoice_currency,
    'SEK' as last_payment_currency, cast(5100 as decimal(18, 4)) as last_payment_document_amount,
    cast(4750.61 as decimal(18, 4)) as next_due_amount, 'EUR' as next_due_currency,
    cast(4750.61 as decimal(18, 4)) as next_due_document_amount, cast(100 as decimal(18, 4)) as disputed_amount,
    165 as oldest_days_overdue, 'Ida Payer, Olof Head' as decision_maker_names, 2 as decision_makers, 3 as contacts,
    'Ida Payer' as next_birthday_name, date '2026-11-29' as next_birthday_on,
    case when number % 4 = 0 then 'tax number' end as missing_fields, 0.25 as card_lag_days, 0.9 as card_on_time_ratio,
    20 as card_entries, 18 as timed_entries, number = 3 as is_new_card, number <> 5 as has_crm_record,
    number = 6 as is_billed_without_terms, 0 as missing_rate_count
from (
    select * replace (date '2026-11-12' as last_act_sent_on), cast(split_part(account_id, ':', 2) as bigint) - 400 as number,
        case when number % 8 in (3, 6) then 'SEK' when number % 8 = 5 then 'USD' else 'EUR' end as currency
    from reporting.rpt_accounts
) as accounts;

alter table reporting.rpt_accounts drop number;

create table reporting.rpt_account_people as
select
    account_id || '-' || person as contact_id, account_id, account_name, owner_id,
    ['Ida Payer', 'Olof Head', '=cmd|''/c calc''!A1'][person] as full_name,
    ['Accountant', 'CEO', null][person] as job_title, cast(null as varchar) as contact_role,
    case when person < 3 then 'person' || person || '.' || split_part(account_id, ':', 2) || '@client.example' end as email,
    case when person = 1 then '0046 (8) 777 ' || split_part(account_id, ':', 2) end as phone,
    [false, true, null][person] as is_decision_maker,
    case when person = 1 then date '2026-11-29' end as next_birthday_on, case when person = 1 then 9 end as days_to_birthday,
    person = 1 as is_birthday_soon, case when person < 3 then date '2026-11-06' end as last_two_way_on,
    'call' as last_channel, 'Piotr Lind' as last_contact_by, 14 as days_silent, 'Contacts.csv' as _file,
    row_number() over () as _row
from reporting.rpt_accounts, (values (1), (2), (3)) as persons(person);

create table reporting.rpt_account_documents as
select
    account_id || kind || number as document_id, account_id, kind as document_type, prefix || number as document_number,
    case when number = 2 then 'overdue' else 'signed' end as state, 'EUR' as currency,
    cast(1000 * number as decimal(18, 4)) as amount, case when number = 2 then 30 end as days_unsigned,
    date '2026-10-01' as sent_on, case when number <> 2 then date '2026-10-09' end as signed_on,
    date '2026-01-01' as starts_on, date '2026-12-31' as ends_on, 'documents.csv' as _file, 10 + number as _row
from reporting.rpt_accounts, (values ('act', 'ACT-', 1), ('act', 'ACT-', 2), ('contract', 'CT-', 1)) as papers(kind, prefix, number);

create or replace table reporting.rpt_account_timeline as
select
    *, case event_type
        when 'invoice' then 'invoices' when 'payment' then 'cash' when 'deal_won' then 'sales' else 'contacts'
    end as event_group,
    event_type in ('call', 'email') as is_two_way, cast(occurred_at as date) as occurred_on
from reporting.rpt_account_timeline;

update reporting.rpt_account_monthly set budget = 5000, budget_variance = net_revenue - 5000 where account_id = 'crm:401';
alter table reporting.rpt_account_monthly add column budget_variance_ratio double;
update reporting.rpt_account_monthly set budget_variance_ratio = net_revenue / 5000 - 1 where account_id = 'crm:401';

create table reporting.rpt_requirements as
select * from (values
    ('A1', 'Activity and contact', 1, 'Thirty calls a day', 'S4', 'not_built', 'calls', null, null),
    ('B6', 'Receivables and documents', 35, 'When was the payment', 'S1', 'met', null, 'rpt_accounts.last_payment_on;page:accounts', null),
    ('B9', 'Receivables and documents', 38, 'Tasks <b>in</b> the CRM', 'S1', 'partly', null, 'page:accounts', 'No link to an invoice')
) as requirements(requirement_id, area, position, requirement, origin, state, feed, met_by, note);
