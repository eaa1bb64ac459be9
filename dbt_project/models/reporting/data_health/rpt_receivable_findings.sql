-- Grain: one row per finding about a billing row: it could not be posted to the ledger, its export's own balance is not
-- ours, its lines do not add up to it, a line's document is in no export, or it has no exchange rate into the base currency.
with accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

unposted as (
    select
        entity,
        row_id,
        account_id,
        reason,
        currency,
        amount,
        cast(null as decimal(18, 4)) as our_amount,
        cast(null as decimal(18, 4)) as difference,
        event_date,
        _file,
        _row
    from {{ ref('fct_receivable_exceptions') }}
),

differing as (
    select
        'invoices' as entity,
        invoice_id as row_id,
        account_id,
        'reported_balance_differs' as reason,
        currency,
        reported_balance as amount,
        our_balance as our_amount,
        difference,
        issued_on as event_date,
        _file,
        _row
    from {{ ref('fct_reported_balances') }}
    where difference <> 0
),

-- A header that its own lines do not add up to: the header counts, and it is said.
lines as (
    select
        invoice_id,
        sum(net_amount) as net_amount,
        count(*) = count(net_amount) as is_whole
    from {{ ref('fct_invoice_lines') }}
    group by invoice_id
),

lines_differing as (
    select
        'invoices' as entity,
        invoices.invoice_id as row_id,
        invoices.account_id,
        'lines_differ' as reason,
        invoices.currency,
        invoices.net_amount as amount,
        lines.net_amount as our_amount,
        invoices.net_amount - lines.net_amount as difference,
        invoices.issued_on as event_date,
        invoices._file,
        invoices._row
    from {{ ref('fct_invoices') }} as invoices
    inner join lines on invoices.invoice_id = lines.invoice_id and lines.is_whole
    where not invoices.is_void and not invoices.is_draft and abs(invoices.net_amount - lines.net_amount) >= 0.005
),

-- A line whose document was rejected, or is in no export, is no sale: not where an export has lines alone.
headless as (
    select
        'invoice_lines' as entity,
        lines.line_id as row_id,
        lines.account_id,
        'line_without_document' as reason,
        lines.currency,
        lines.net_amount as amount,
        cast(null as decimal(18, 4)) as our_amount,
        cast(null as decimal(18, 4)) as difference,
        lines.issued_on as event_date,
        lines._file,
        lines._row
    from {{ ref('fct_invoice_lines') }} as lines
    semi join {{ ref('fct_invoices') }} as documents on lines._system = documents._system
    where lines.document_kind is null
),

-- One of these makes each total and share unknown that holds it.
unrated as (
    select
        'invoices' as entity,
        invoice_id as row_id,
        account_id,
        'no_base_rate' as reason,
        currency,
        gross_amount as amount,
        cast(null as decimal(18, 4)) as our_amount,
        cast(null as decimal(18, 4)) as difference,
        issued_on as event_date,
        _file,
        _row
    from {{ ref('fct_invoices') }}
    where gross_amount <> 0
        and gross_amount_base is null
        and issued_on is not null
        and not is_void
        and not is_draft
        and document_kind <> 'prepayment'
    union all
    select
        'payments',
        payment_id,
        account_id,
        'no_base_rate',
        currency,
        amount,
        null,
        null,
        received_on,
        _file,
        _row
    from {{ ref('fct_payments') }}
    where payment_kind = 'received' and allocation = 'explicit' and amount_base is null
),

findings as (
    select * from unposted
    union all
    select * from unrated
    union all
    select * from lines_differing
    union all
    select * from headless
    union all
    select * from differing
)

select
    findings.entity,
    findings.row_id,
    findings.account_id,
    accounts.account_name,
    findings.reason,
    findings.currency,
    cast(findings.amount as decimal(18, 4)) as amount,
    cast(findings.our_amount as decimal(18, 4)) as our_amount,
    cast(findings.difference as decimal(18, 4)) as difference,
    findings.event_date,
    findings._file,
    findings._row
from findings
left join accounts on findings.account_id = accounts.account_id
