-- Grain: one row per adjustment that an export holds, with the invoice, payment or credit note that it changes, whose it is,
-- and its amount in that currency (`amount`) and in that of the payment it names (`origin_amount`). `invoice_amount` is what
-- is told in the currency of an invoice that a payment in another one is named beside: what it is worth, what was paid says.
-- `issue` says why one changes nothing.
with run as (
    select * from {{ ref('int_run_dated') }}
),

adjustments as (
    select
        *,
        {{ global_id('_system', 'adjustment_id') }} as adjustment_key,
        {{ global_id('_system', "coalesce(customer_id, '')") }} as customer_key,
        {{ global_id('_system', 'invoice_id') }} as invoice_key,
        {{ global_id('_system', 'payment_id') }} as payment_key
    from {{ ref('stg_billing__adjustments') }}
),

identities as (
    select system, native_id, customer_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

documents as (
    select * from {{ ref('int_billing_documents') }}
),

payments as (
    select * from {{ ref('int_billing_payments') }}
),

-- What counts of what an adjustment names: a debt that was not made void, money that came in.
debts as (
    select * from documents where is_receivable and not is_void
),

received as (
    select * from payments where is_received
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

named as (
    select
        adjustments.adjustment_key as adjustment_id,
        adjustments.adjustment_kind,
        debts.invoice_id,
        case when documents.is_credit and received.payment_id is null then documents.invoice_id end as credit_note_id,
        received.payment_id,
        -- What changes a debt is the debtor's; what takes back money alone is the payer's, whatever is named beside it.
        coalesce(
            debts.customer_id,
            received.customer_id,
            documents.customer_id,
            payments.customer_id,
            identities.customer_id,
            adjustments.customer_key
        ) as customer_id,
        coalesce(
            debts.account_id,
            received.account_id,
            documents.account_id,
            payments.account_id,
            identities.account_id,
            adjustments.customer_key
        ) as account_id,
        coalesce(
            debts.currency,
            received.currency,
            documents.currency,
            payments.currency,
            adjustments.currency,
            run.default_currency
        ) as currency,
        received.customer_id as origin_customer_id,
        received.account_id as origin_account_id,
        received.currency as origin_currency,
        coalesce(adjustments.currency, documents.currency, payments.currency, run.default_currency) as given_currency,
        abs(adjustments.amount) as given_amount,
        adjustments.invoice_key is not null and documents.invoice_id is null as names_unknown_invoice,
        payments.payment_id is not null and received.payment_id is null as names_unpaid_payment,
        coalesce(
            adjustments.occurred_on, {{ business_date('adjustments._known_at', 'run.business_timezone') }}
        ) as occurred_on,
        payments.received_on,
        documents.issued_on,
        {{ provenance('adjustments') }},
        adjustments._known_at
    from adjustments
    cross join run
    left join identities
        on adjustments._system = identities.system and coalesce(adjustments.customer_id, '') = identities.native_id
    left join documents on adjustments.invoice_key = documents.invoice_id
    left join debts on adjustments.invoice_key = debts.invoice_id
    left join payments on adjustments.payment_key = payments.payment_id
    left join received on adjustments.payment_key = received.payment_id
),

valued as (
    select
        named.*,
        -- Only another currency's amount passes through a double: the same currency's stays exact.
        case
            when named.currency = named.given_currency then named.given_amount
            else {{ money(
                'named.given_amount * (given_rates.rate / nullif(target_rates.rate, 0))'
            ) }}
        end as amount,
        case
            when named.origin_currency = named.given_currency then named.given_amount
            else {{ money(
                'named.given_amount * (given_rates.rate / nullif(origin_rates.rate, 0))'
            ) }}
        end as origin_amount,
        case
            when named.invoice_id is not null
                and named.currency = named.given_currency
                and named.currency <> named.origin_currency
                then named.given_amount
        end as invoice_amount
    from named
    left join rates as given_rates
        on named.given_currency = given_rates.currency and named.occurred_on = given_rates.rate_date
    left join rates as target_rates
        on named.currency = target_rates.currency and named.occurred_on = target_rates.rate_date
    left join rates as origin_rates
        on named.origin_currency = origin_rates.currency and named.occurred_on = origin_rates.rate_date
),

final as (
    select
        *,
        case
            when adjustment_kind is null then 'no_kind'
            when given_amount is null then 'no_amount'
            -- What goes back of a payment is of its own currency, or of the invoice's at the rate at which that was paid.
            when amount is null and (payment_id is null or adjustment_kind = 'write_off') then 'no_rate'
            when payment_id is not null and coalesce(origin_amount, invoice_amount) is null and adjustment_kind <> 'write_off'
                then 'no_rate'
            when names_unpaid_payment and adjustment_kind <> 'write_off' then 'payment_not_received'
            when adjustment_kind = 'write_off' and invoice_id is null then
                case when names_unknown_invoice then 'unknown_invoice' else 'no_invoice' end
            when adjustment_kind = 'reversal' and coalesce(invoice_id, payment_id, credit_note_id) is null then
                case when names_unknown_invoice then 'unknown_invoice' else 'no_invoice' end
        end as issue
    from valued
)

select * from final
