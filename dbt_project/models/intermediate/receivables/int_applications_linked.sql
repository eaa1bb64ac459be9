-- Grain: one row per application that an export holds: money of a payment or a credit note put on an invoice.
-- `issue` says why one is not posted; it is NULL for those that count. `amount` is in the invoice's currency,
-- `origin_amount` in the payment's.
with run as (
    select * from {{ ref('int_run_dated') }}
),

applications as (
    select
        *,
        {{ global_id('_system', 'application_id') }} as application_key,
        {{ global_id('_system', 'invoice_id') }} as invoice_key,
        {{ global_id('_system', 'payment_id') }} as payment_key,
        {{ global_id('_system', 'credit_note_id') }} as credit_note_key
    from {{ ref('stg_billing__applications') }}
),

documents as (
    select
        invoice_id, customer_id, account_id, document_kind, currency, exchange_rate,
        is_receivable, is_void, is_credit, issued_on, due_on
    from {{ ref('int_billing_documents') }}
),

payments as (
    select payment_id, customer_id, account_id, currency, exchange_rate, received_on, is_settled, is_received
    from {{ ref('int_billing_payments') }}
),

-- Few documents are credit notes: a small table to join against.
credit_notes as (
    select * from documents where is_credit
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

joined as (
    select
        applications.application_key as application_id,
        applications.invoice_key as invoice_id,
        case when payments.is_received then payments.payment_id end as payment_id,
        credit_notes.invoice_id as credit_note_id,
        invoices.customer_id,
        invoices.account_id,
        coalesce(payments.customer_id, credit_notes.customer_id) as origin_customer_id,
        coalesce(payments.account_id, credit_notes.account_id) as origin_account_id,
        coalesce(payments.received_on, credit_notes.issued_on) as origin_date,
        coalesce(invoices.currency, payments.currency, credit_notes.currency) as currency,
        coalesce(payments.currency, credit_notes.currency, invoices.currency) as origin_currency,
        case
            when payments.payment_id is not null then 'payment'
            when applications.credit_note_key is not null then 'credit_note'
            else 'payment'
        end as origin_kind,
        case when applications.applied_on is null then 'linked_no_date' else 'explicit' end as allocation,
        case
            when invoices.invoice_id is null then 'unknown_invoice'
            when not invoices.is_receivable or invoices.is_void then 'invoice_not_a_receivable'
            when payments.payment_id is not null and not payments.is_settled then 'payment_not_received'
            when coalesce(applications.amount, applications.payment_amount) is null then 'no_amount'
        end as issue,
        applications.amount as given_amount,
        applications.payment_amount as given_origin_amount,
        invoices.document_kind = 'opening' as is_opening,
        invoices.issued_on,
        invoices.due_on,
        invoices.exchange_rate as invoice_rate,
        coalesce(payments.exchange_rate, credit_notes.exchange_rate) as origin_rate,
        -- Never before the invoice: money that came earlier is unapplied until there is something to pay.
        greatest(
            coalesce(
                applications.applied_on,
                payments.received_on,
                credit_notes.issued_on,
                {{ business_date('applications._known_at', 'run.business_timezone') }}
            ),
            invoices.issued_on
        ) as event_date,
        applications._system,
        applications._source,
        applications._file,
        applications._file_sha256,
        applications._row,
        applications._known_at
    from applications
    cross join run
    left join documents as invoices on applications.invoice_key = invoices.invoice_id
    left join payments on applications.payment_key = payments.payment_id
    left join credit_notes on applications.credit_note_key = credit_notes.invoice_id
),

-- Between two currencies, the side that the export leaves out follows from the rates of the day.
converted as (
    select
        joined.*,
        joined.currency = joined.origin_currency as is_same_currency,
        coalesce(invoice_rates.rate, joined.invoice_rate)
        / nullif(coalesce(origin_rates.rate, joined.origin_rate), 0) as exchange
    from joined
    left join rates as invoice_rates
        on joined.currency <> joined.origin_currency
        and joined.currency = invoice_rates.currency
        and joined.event_date = invoice_rates.rate_date
    left join rates as origin_rates
        on joined.currency <> joined.origin_currency
        and joined.origin_currency = origin_rates.currency
        and joined.event_date = origin_rates.rate_date
),

final as (
    select
        application_id,
        invoice_id,
        payment_id,
        credit_note_id,
        customer_id,
        account_id,
        origin_customer_id,
        origin_account_id,
        currency,
        origin_currency,
        origin_kind,
        allocation,
        case
            when issue is not null then issue
            when not is_same_currency and exchange is null and (given_amount is null or given_origin_amount is null)
                then 'no_rate'
        end as issue,
        -- Only what is converted passes through a double: what is given stays exact.
        coalesce(
            given_amount,
            case when is_same_currency then given_origin_amount end,
            {{ money('given_origin_amount / nullif(exchange, 0)') }}
        ) as amount,
        coalesce(
            given_origin_amount,
            case when is_same_currency then given_amount end,
            {{ money('given_amount * exchange') }}
        ) as origin_amount,
        is_opening,
        event_date,
        origin_date,
        issued_on,
        due_on,
        _system,
        _source,
        _file,
        _file_sha256,
        _row,
        _known_at
    from converted
)

select * from final
