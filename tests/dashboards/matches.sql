-- What the page Matches reads, on top of reporting.sql.
create table reporting.rpt_match_coverage as
select
    measure, source, unit, case when unit = 'money' then 'EUR' end as base_currency,
    cast(total as decimal(38, 4)) as total, cast(total * 0.8 as decimal(38, 4)) as matched,
    cast(total * 0.15 as decimal(38, 4)) as ambiguous, cast(total * 0.05 as decimal(38, 4)) as unmatched,
    cast(0.8 as double) as matched_share, cast(2 as bigint) as missing_rate_count, date '2026-11-20' as as_of_date
from (values
    ('open_receivables', 'money', 100000), ('revenue_12m', 'money', 900000), ('open_pipeline', 'money', 50000),
    ('won_deals', 'money', 400000), ('call_minutes', 'minutes', 7000), ('conversations', 'count', 1200)
) as measures (measure, unit, total)
cross join (values ('ALL'), ('books_invoices')) as sources (source);

create table reporting.rpt_unmatched as
select
    number as rank, 'books_invoices' as source, case when number < 4 then 'billing_customer' else 'phone' end as kind,
    case when number < 4 then 'books:C' || number else '•••00' || number end as shown_id,
    case when number = 1 then 'Nord [Bygg] <b>AB</b>' when number < 4 then 'Firm ' || number end as name,
    'EUR' as base_currency, cast(4000 - 1000 * least(number, 4) as decimal(38, 4)) as open_amount,
    cast(0 as decimal(38, 4)) as revenue_12m, cast(0 as decimal(38, 4)) as deal_amount,
    cast(case when number < 4 then 0 else 12.5 end as decimal(38, 4)) as call_minutes,
    case when number < 4 then 0 else 3 end as conversations, number = 1 as is_ambiguous,
    case when number = 1 then 'acme:401' end as nearest_account_id,
    case when number = 1 then 'Nordbygg AB' end as nearest_account_name,
    cast(case when number = 1 then 0.9 end as decimal(5, 4)) as nearest_score,
    case when number = 1 then 'not_sure' else 'nothing_alike' end as why_not
from range(1, 7) as numbers (number);

create table reporting.rpt_match_proposals as
select
    'books' as system, 'billing_customer' as kind, 'C1' as native_id, 'C1' as shown_id, 'Nord [Bygg] <b>AB</b>' as name,
    place, 'acme:40' || place as account_id, 'Nordbygg ' || place as account_name,
    cast(1 - 0.1 * place as decimal(5, 4)) as score, 'name_alike,city_same' as evidence, 'Nordbygg' as matched_name, cast(0.9 as decimal(5, 4)) as likeness,
    'not_sure' as why_not, 'EUR' as base_currency, cast(3000 as decimal(38, 4)) as open_amount,
    cast(0 as decimal(38, 4)) as revenue_12m, cast(0 as decimal(38, 4)) as call_minutes,
    'books,billing_customer,C1,link,acme:40' || place || ',,,' as seed_line,
    'books,billing_customer,C1,never_link,acme:40' || place || ',,,' as never_link_line
from range(1, 3) as places (place);

create table reporting.rpt_account_identities as
select
    'books' as system, 'billing_customer' as kind, 'C' || number as native_id, 'Firm ' || number as name,
    'acme:' || (400 + number) as account_id, 'Account ' || number as account_name,
    case when number % 3 = 0 then 'tax_id' else 'probable' end as rule,
    cast(case when number % 3 = 0 then 0.99 else 0.975 end as decimal(5, 4)) as score,
    'tax_id' as evidence, 'se' || number as evidence_value, true as has_crm_record, 0 as proposals, 'customers.csv' as _file,
    number + 1 as _row
from range(1, 10) as numbers (number);

create table reporting.rpt_account_links as
select
    'books' as system, 'billing_customer' as kind, 'C' || number as native_id, 'link' as decision,
    'acme:' || (400 + number) as given_account_id, case when number = 1 then 'Account 1' end as account_name,
    case when number = 1 then 'in_force' else 'no_such_account' end as state,
    'asked them' as reason, 'Eva' as decided_by, '2026-11-01' as decided_on
from range(1, 3) as numbers (number);
