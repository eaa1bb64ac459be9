-- What the page Statements reads, on top of reporting.sql: lines that add up to each account's net receivables of the
-- as-of date, and plain stand-ins for the table macros, which the build renders from dbt (tests/dbt/test_statements.py).
create table reporting.rpt_statement_lines as
with net as (
    select * from reporting.rpt_receivable_aging where as_of_date = date '2026-11-20'
),

moved as (
    select account_id, account_name, currency, date '2026-03-01' as occurred_on, 'opening_balance' as kind,
        cast(null as varchar) as document, cast(null as date) as due_on, cast(700 as decimal(18, 4)) as amount
    from net
    union all
    select account_id, account_name, currency, date '2026-11-05', 'payment', 'REF-5', null, -700 from net
    union all
    select account_id, account_name, currency, date '2026-11-10', 'payment', 'REF-10', null, -unapplied_amount from net
    where unapplied_amount > 0
    union all
    select account_id, account_name, currency, date '2026-11-12', 'credit_note', '=CN+12', null, -credit_amount from net
    where credit_amount > 0
    union all
    select account_id, account_name, currency, issued_on, 'invoice', invoice_number, due_on, open_amount
    from reporting.rpt_open_invoices
),

placed as (
    select *, row_number() over (partition by account_id, currency order by occurred_on, document) as line_number
    from moved
)

select
    kind || ':' || account_id || ':' || line_number as line_id, account_id, account_name, currency, line_number, kind,
    document, cast(null as varchar) as invoice_id, 'explicit' as allocation,
    cast(greatest(amount, 0) as decimal(18, 4)) as debit, cast(greatest(-amount, 0) as decimal(18, 4)) as credit,
    cast(sum(amount) over (partition by account_id, currency order by line_number) as decimal(18, 4)) as running_balance,
    occurred_on, due_on, date '2026-11-20' as as_of_date, 'invoices_2026.csv' as _file, line_number + 1 as _row
from placed;

create macro main.receivable_aging(as_of) as table
select * from reporting.rpt_receivable_aging
where as_of_date = (select max(as_of_date) from reporting.rpt_receivable_aging where as_of_date <= as_of);

create macro main.open_invoices(as_of) as table
select
    * replace (cast(instalment_number as bigint) as instalment_number),
    'invoice' as document_kind, gross_amount as instalment_amount
from reporting.rpt_open_invoices where issued_on <= as_of;

create macro main.account_statement(account, from_date, to_date) as table
select
    cast(null as varchar) as line_id, currency,
    coalesce(max(line_number) filter (where occurred_on < from_date), 0) as line_number, 'brought_forward' as kind,
    cast(null as varchar) as document, cast(null as varchar) as allocation, cast(0 as decimal(18, 4)) as debit,
    cast(0 as decimal(18, 4)) as credit,
    coalesce(max_by(running_balance, line_number) filter (where occurred_on < from_date), 0) as running_balance,
    from_date as occurred_on, cast(null as date) as due_on, cast(null as varchar) as _file, cast(null as bigint) as _row
from reporting.rpt_statement_lines where account_id = account and occurred_on <= to_date group by currency
union all
select line_id, currency, line_number, kind, document, allocation, debit, credit, running_balance, occurred_on, due_on,
    _file, _row
from reporting.rpt_statement_lines where account_id = account and occurred_on between from_date and to_date;

create macro main.account_statement_totals(account, from_date, to_date) as table
select
    currency, coalesce(max_by(running_balance, line_number) filter (where occurred_on < from_date), 0) as opening,
    coalesce(sum(debit) filter (where occurred_on >= from_date), 0) as debits,
    coalesce(sum(credit) filter (where occurred_on >= from_date), 0) as credits,
    max_by(running_balance, line_number) as closing
from reporting.rpt_statement_lines where account_id = account and occurred_on <= to_date group by currency;
