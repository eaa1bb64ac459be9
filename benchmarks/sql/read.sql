-- The hand-written script, part 1 of 4: the exports, typed, and what later parts look up. It knows these very files,
-- takes the columns that the reports need, and skips what it cannot read.
set timezone = 'UTC';
create schema reporting;

create temp macro words(text) as
    nullif(trim(regexp_replace(lower(strip_accents(replace(text, '&', ' and '))), '[^\p{L}\p{N}]+', ' ', 'g')), '');
create temp macro digits(phone) as
    nullif(regexp_replace(regexp_replace(regexp_replace(lower(phone), '( x[ .]*[0-9]|ext|#).*$', ''), '^[^0-9]*00', ''), '[^0-9]', '', 'g'), '');

-- CRM
create temp table crm_accounts as
select
    'salesforce:' || coalesce(MasterRecordId, Id) as account_id, 'salesforce:' || Id as own_id, Id as native_id,
    'salesforce:' || ParentId as parent_account_id, trim(Name) as account_name,
    Segment__c as segment, Industry as industry, BillingCountry as country, BillingCity as city, Website as website,
    Phone as phone, replace(words(VAT_Number__c), ' ', '') as tax_key, 'salesforce:' || OwnerId as owner_id,
    'Account.csv' as _file, row_number() over () + 1 as _row
from read_csv(getvariable('landing') || '/Account.csv', header = true, all_varchar = true);

create temp table contacts as
select Id as contact_id, accounts.account_id, lower(trim(Email)) as email, contacts.Phone as phone, MobilePhone as mobile
from read_csv(getvariable('landing') || '/Contact.csv', header = true, all_varchar = true) as contacts
left join crm_accounts as accounts on contacts.AccountId = accounts.native_id;

create temp table employees as
select
    'salesforce:' || Id as employee_id, Name as employee_name, Extension as extension, Department as team,
    lower(Role_Profile__c) as role_profile, lower(Title) as grade
from read_csv(getvariable('landing') || '/User.csv', header = true, all_varchar = true);

create temp table owners as
with history as (
    select accounts.account_id, 'salesforce:' || owners.owner_id as employee_id, starts_on, ends_on
    from read_csv(getvariable('landing') || '/crm_account_owners.csv', header = true,
        types = {'account_id': 'VARCHAR', 'starts_on': 'DATE', 'ends_on': 'DATE'}) as owners
    inner join crm_accounts as accounts on owners.account_id = accounts.native_id
)

select * from history
union all
select account_id, owner_id, null, null
from crm_accounts
where account_id = own_id and account_id not in (select account_id from history);

create temp table deals as
select
    deals.Id as deal_id, accounts.account_id, ContactId as contact_id, 'salesforce:' || deals.OwnerId as owner_id,
    StageName as stage, case when IsWon then 'won' when IsClosed then 'lost' else 'open' end as status,
    Amount as amount, CurrencyIsoCode as currency, Probability / 100 as probability, cast(CreatedDate as date) as created_on,
    case when IsClosed then CloseDate end as closed_on
from read_csv(getvariable('landing') || '/Opportunity.csv', header = true, types = {
    'Amount': 'DECIMAL(18,4)', 'Probability': 'DECIMAL(9,4)', 'IsWon': 'BOOLEAN', 'IsClosed': 'BOOLEAN',
    'CreatedDate': 'TIMESTAMPTZ', 'CloseDate': 'DATE'}) as deals
left join crm_accounts as accounts on deals.AccountId = accounts.native_id;

create temp table deal_stages as
select OpportunityId as deal_id, StageName as stage, CreatedDate as entered_at, Amount as amount, Probability / 100 as probability
from read_csv(getvariable('landing') || '/OpportunityHistory.csv', header = true, types = {
    'CreatedDate': 'TIMESTAMPTZ', 'Amount': 'DECIMAL(18,4)', 'Probability': 'DECIMAL(9,4)'});

create temp table activities as
with tasks as (
    select distinct on (Id)
        Id, lower(case TaskSubtype when 'Task' then Type else TaskSubtype end) as kind, coalesce(CallDisposition, Status) as outcome,
        OwnerId, AccountId, case when WhoId like '003%' then WhoId end as contact_id,
        case when WhatId like '006%' then WhatId end as deal_id,
        coalesce(CompletedDateTime, case when IsClosed then cast(ActivityDate as timestamptz) end) as occurred_at,
        CompletedDateTime is not null or IsClosed as is_completed
    from read_csv(getvariable('landing') || '/Task.csv', header = true, types = {
        'IsClosed': 'BOOLEAN', 'ActivityDate': 'DATE', 'CompletedDateTime': 'TIMESTAMPTZ'})
    union all
    select
        Id, 'meeting', null, OwnerId, AccountId, case when WhoId like '003%' then WhoId end,
        case when WhatId like '006%' then WhatId end, StartDateTime,
        -- A meeting on a later day than anything was entered is planned.
        cast(StartDateTime as date) <= cast(max(CreatedDate) over () as date)
    from read_csv(getvariable('landing') || '/Event.csv.gz', header = true, types = {
        'StartDateTime': 'TIMESTAMPTZ', 'CreatedDate': 'TIMESTAMPTZ'})
)

select
    tasks.Id as activity_id, tasks.kind, accounts.account_id, tasks.deal_id, 'salesforce:' || tasks.OwnerId as owner_id,
    tasks.occurred_at, cast(tasks.occurred_at as date) as occurred_on, tasks.is_completed,
    tasks.is_completed and tasks.kind in ('call', 'meeting', 'visit') as is_two_way
from tasks
left join crm_accounts as accounts on tasks.AccountId = accounts.native_id;

create temp table acts as
select accounts.account_id, document_type, cast(sent_at as date) as sent_on, cast(signed_at as date) as signed_on
from read_csv(getvariable('landing') || '/crm_documents.csv', header = true,
    types = {'sent_at': 'TIMESTAMPTZ', 'signed_at': 'TIMESTAMPTZ'}) as documents
inner join crm_accounts as accounts on documents.account_id = accounts.native_id;

create temp table contracts as
select accounts.account_id, arg_max("Payment_Terms_Days__c", CustomerSignedDate) as payment_terms_days
from read_csv(getvariable('landing') || '/Contract.csv', header = true,
    types = {'Payment_Terms_Days__c': 'INTEGER', 'CustomerSignedDate': 'DATE'}) as contracts
inner join crm_accounts as accounts on contracts.AccountId = accounts.native_id
group by all;

create temp table products as
select product_id, list_price, currency
from read_csv(getvariable('landing') || '/crm_products.csv', header = true, types = {'list_price': 'DECIMAL(18,4)'});

-- Who is who stands in a list beside the exports, as it would in a company that keeps one: the customers' accounts here,
-- the callers' in part 2. Finding it out is no part of this script.
create temp table customers as
select
    "Contact ID" as customer_id, trim("Company Name") as customer_name, "Phone" as phone, lower(trim("EmailID")) as email,
    replace(words("Tax Registration Number"), ' ', '') as tax_key, "Payment Terms" as payment_terms_days,
    "Billing City" as city, "Billing Country" as country, row_number() over () + 1 as _row, who.account_id
from read_csv(getvariable('landing') || '/Contacts.csv', header = true, types = {
    'Contact ID': 'VARCHAR', 'Payment Terms': 'INTEGER', 'Tax Registration Number': 'VARCHAR', 'Phone': 'VARCHAR'}) as given
inner join read_parquet(getvariable('who')) as who on who.kind = 'customer' and given."Contact ID" = who.id;

create temp table invoice_lines as
select
    "Invoice Number" as invoice_id, "Invoice Status" as status, "Customer ID" as customer_id, "Invoice Date" as issued_on,
    "Due Date" as due_on, "Currency Code" as currency, "SKU" as product_id, "Quantity" as quantity, "Item Total" as line_net,
    "SubTotal" - "Entity Discount Amount" + "Shipping Charge" + "Adjustment" as net_amount, "Total" as gross_amount,
    "CF.Disputed On" as disputed_on, "CF.Dispute Resolved On" as dispute_resolved_on, row_number() over () + 1 as _row
from read_csv(getvariable('landing') || '/Invoice.csv', header = true, store_rejects = true, types = {
    'Invoice Date': 'DATE', 'Due Date': 'DATE', 'Customer ID': 'VARCHAR', 'Quantity': 'DECIMAL(18,4)', 'SubTotal': 'DECIMAL(18,4)',
    'Item Total': 'DECIMAL(18,4)', 'Total': 'DECIMAL(18,4)', 'Entity Discount Amount': 'DECIMAL(18,4)',
    'Shipping Charge': 'DECIMAL(18,4)', 'Adjustment': 'DECIMAL(18,4)', 'CF.Disputed On': 'DATE', 'CF.Dispute Resolved On': 'DATE'});

create temp table payment_rows as
select
    "CustomerPayment ID" as payment_id, "CustomerID" as customer_id, "Currency Code" as currency, "Date" as received_on,
    "Amount" as amount, "Invoice Number" as invoice_id, "Amount Applied to Invoice" as applied,
    coalesce("Invoice Payment Applied Date", "Date") as applied_on
from read_csv(getvariable('landing') || '/Customer_Payment.csv', header = true, store_rejects = true, types = {
    'CustomerPayment ID': 'VARCHAR', 'CustomerID': 'VARCHAR', 'Date': 'DATE', 'Amount': 'DECIMAL(18,4)',
    'Amount Applied to Invoice': 'DECIMAL(18,4)', 'Invoice Payment Applied Date': 'DATE'});

create temp table credit_notes as
select invoice_id, customer_id, currency, net_amount, gross_amount, issued_on
from read_csv(getvariable('landing') || '/billing_invoices.csv', header = true, types = {
    'customer_id': 'VARCHAR', 'net_amount': 'DECIMAL(18,4)', 'gross_amount': 'DECIMAL(18,4)', 'issued_on': 'DATE'});

create temp table credit_applications as
select credit_note_id, invoice_id, applied_on, amount
from read_csv(getvariable('landing') || '/billing_applications.csv', header = true,
    types = {'applied_on': 'DATE', 'amount': 'DECIMAL(18,4)', 'credit_note_id': 'VARCHAR'});

-- A payment that the bank took back was one invoice's.
create temp table adjustments as
select
    given.adjustment_kind, given.customer_id, coalesce(given.invoice_id, returned.invoice_id) as invoice_id,
    given.payment_id, given.occurred_on, given.currency, abs(given.amount) as amount
from read_csv(getvariable('landing') || '/billing_adjustments.csv', header = true, types = {
    'customer_id': 'VARCHAR', 'payment_id': 'VARCHAR', 'invoice_id': 'VARCHAR', 'occurred_on': 'DATE', 'amount': 'DECIMAL(18,4)'})
    as given
left join (
    select payment_id, any_value(invoice_id) as invoice_id from payment_rows group by payment_id
) as returned on given.payment_id = returned.payment_id and given.adjustment_kind = 'reversal';

create temp table instalments as
select invoice_id, number, due_on, amount
from read_csv(getvariable('landing') || '/billing_instalments.csv', header = true,
    types = {'due_on': 'DATE', 'amount': 'DECIMAL(18,4)'});

create temp table dunning as
select invoice_id, level, cast(sent_at as date) as sent_on
from read_csv(getvariable('landing') || '/billing_dunning_events.csv', header = true, types = {'sent_at': 'TIMESTAMPTZ'});

-- Calls and plans
create temp table calls as
select distinct on (uniqueid)
    uniqueid as call_id, case call_type when 'in' then 'inbound' else 'outbound' end as direction, digits(caller) as caller,
    digits(dst) as callee, employee_number as extension, connected_with as agent_name, calldate as started_at,
    calldate + to_seconds(duration) as ended_at, waittime as wait, duration as total, utm_source as source,
    case when disposition in ('Answered', 'Proper') then billsec end as talk,
    case
        when disposition in ('Answered', 'Proper') then 'answered'
        when disposition = 'Voicemail' then 'voicemail'
        when disposition = 'Failed' then 'failed'
        else 'missed'
    end as status
from read_csv(getvariable('landing') || '/ringostat_calls_*.csv', header = true, types = {
    'calldate': 'TIMESTAMPTZ', 'caller': 'VARCHAR', 'dst': 'VARCHAR', 'employee_number': 'VARCHAR', 'duration': 'INTEGER',
    'billsec': 'INTEGER', 'waittime': 'INTEGER'});

create temp table channel_costs as
select source, spent_on, amount, currency
from read_csv(getvariable('landing') || '/calls_channel_costs.csv', header = true,
    types = {'spent_on': 'DATE', 'amount': 'DECIMAL(18,4)'});

create temp table plans as
select 'budget' as kind, accounts.account_id, month, amount, currency
from read_csv(getvariable('landing') || '/plan_budgets.csv', header = true,
    types = {'month': 'DATE', 'amount': 'DECIMAL(18,4)'}) as budgets
inner join crm_accounts as accounts on budgets.account_id = accounts.native_id
union all
select 'cost', accounts.account_id, month, amount, currency
from read_csv(getvariable('landing') || '/plan_costs.csv', header = true,
    types = {'month': 'DATE', 'amount': 'DECIMAL(18,4)'}) as costs
inner join crm_accounts as accounts on costs.account_id = accounts.native_id;

create temp table targets as
select 'salesforce:' || employee_id as employee_id, date_trunc('month', period_start) as month, sum(target) as target
from read_csv(getvariable('landing') || '/plan_targets.csv', header = true,
    types = {'period_start': 'DATE', 'target': 'DECIMAL(18,4)'})
where lower(metric) = 'revenue'
group by all;

create temp table quoted_rates as
select currency, rate_date, rate
from read_csv(getvariable('landing') || '/plan_fx_rates.csv', header = true,
    types = {'rate_date': 'DATE', 'rate': 'DECIMAL(18,8)'});
