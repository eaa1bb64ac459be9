-- Grain: one row per adjustment and what it changes: an invoice, unapplied money, or nothing (`issue` says why).
-- A chargeback or reversal that names a payment but no invoice takes back the payment's applications, the last one
-- first, and the rest from what of it is unapplied. `settlement_date` is the day of the payment that is taken back.
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
    select system, native_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

documents as (
    select * from {{ ref('int_billing_documents') }}
),

payments as (
    select * from {{ ref('int_billing_payments') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

named as (
    select
        adjustments.adjustment_key as adjustment_id,
        adjustments.adjustment_kind,
        case when documents.is_receivable and not documents.is_void then documents.invoice_id end as invoice_id,
        case when documents.is_credit then documents.invoice_id end as credit_note_id,
        case when payments.is_received then payments.payment_id end as payment_id,
        coalesce(documents.customer_id, payments.customer_id, adjustments.customer_key) as customer_id,
        coalesce(
            documents.account_id, payments.account_id, identities.account_id, adjustments.customer_key
        ) as account_id,
        coalesce(documents.currency, payments.currency, adjustments.currency, run.default_currency) as currency,
        coalesce(adjustments.currency, documents.currency, payments.currency, run.default_currency) as given_currency,
        adjustments.exchange_rate,
        abs(adjustments.amount) as given_amount,
        adjustments.invoice_key is not null and documents.invoice_id is null as names_unknown_invoice,
        payments.payment_id is not null and not payments.is_settled as names_unpaid_payment,
        coalesce(
            adjustments.occurred_on, {{ business_date('adjustments._known_at', 'run.business_timezone') }}
        ) as occurred_on,
        documents.issued_on,
        adjustments._system,
        adjustments._source,
        adjustments._file,
        adjustments._file_sha256,
        adjustments._row,
        adjustments._known_at
    from adjustments
    cross join run
    left join identities
        on adjustments._system = identities.system and coalesce(adjustments.customer_id, '') = identities.native_id
    left join documents on adjustments.invoice_key = documents.invoice_id
    left join payments on adjustments.payment_key = payments.payment_id
),

valued as (
    select
        named.*,
        -- Only another currency's amount passes through a double: the same currency's stays exact.
        case
            when named.currency = named.given_currency then named.given_amount
            else {{ money(
                'named.given_amount * (coalesce(given_rates.rate, named.exchange_rate) / nullif(target_rates.rate, 0))'
            ) }}
        end as amount
    from named
    left join rates as given_rates
        on named.given_currency = given_rates.currency and named.occurred_on = given_rates.rate_date
    left join rates as target_rates
        on named.currency = target_rates.currency and named.occurred_on = target_rates.rate_date
),

ruled as (
    select
        *,
        case
            when adjustment_kind is null then 'no_kind'
            when given_amount is null then 'no_amount'
            when amount is null then 'no_rate'
            when names_unpaid_payment and adjustment_kind <> 'write_off' then 'payment_not_received'
            when adjustment_kind = 'write_off' and invoice_id is null then
                case when names_unknown_invoice then 'unknown_invoice' else 'no_invoice' end
            when adjustment_kind = 'reversal' and coalesce(invoice_id, payment_id, credit_note_id) is null then
                case when names_unknown_invoice then 'unknown_invoice' else 'no_invoice' end
        end as issue
    from valued
),

-- What the payments behind adjustments were applied to: few rows, picked before anything is sorted.
applications as (
    select application_id, invoice_id, payment_id, amount, origin_amount, event_date
    from {{ ref('int_applications_linked') }}
    where issue is null
    union all
    select application_id, invoice_id, payment_id, amount, amount, event_date
    from {{ ref('int_applications_assumed') }}
),

taken_back as (
    select
        ruled.adjustment_id,
        ruled.amount as taken,
        ruled.occurred_on,
        applications.invoice_id,
        applications.amount,
        applications.origin_amount,
        applications.event_date as settlement_date,
        sum(applications.origin_amount) over (
            partition by ruled.adjustment_id order by applications.event_date desc, applications.application_id
        ) as reached
    from ruled
    inner join applications on ruled.payment_id = applications.payment_id
    where ruled.adjustment_kind in ('chargeback', 'reversal') and ruled.invoice_id is null and ruled.issue is null
),

spread as (
    select
        adjustment_id,
        invoice_id,
        settlement_date,
        occurred_on,
        {{ money('least(origin_amount, taken - (reached - origin_amount))') }} as origin_amount,
        {{ money('case
            when amount = origin_amount then least(origin_amount, taken - (reached - origin_amount))
            else amount * least(origin_amount, taken - (reached - origin_amount)) / nullif(origin_amount, 0)
        end') }} as amount
    from taken_back
    where reached - origin_amount < taken and origin_amount > 0
),

spread_totals as (
    select adjustment_id, sum(origin_amount) as origin_amount from spread group by adjustment_id
),

-- The payment that an adjustment of an invoice takes back: the one it names, else the invoice's last before it.
settlements as (
    select
        ruled.adjustment_id,
        coalesce(
            max(applications.event_date) filter (where applications.payment_id = ruled.payment_id),
            max(applications.event_date) filter (where applications.event_date <= ruled.occurred_on)
        ) as settlement_date
    from ruled
    inner join applications on ruled.invoice_id = applications.invoice_id
    where ruled.adjustment_kind <> 'write_off'
    group by ruled.adjustment_id
),

postings as (
    select
        ruled.adjustment_id,
        'invoice' as target,
        ruled.invoice_id,
        ruled.amount,
        coalesce(settlements.settlement_date, ruled.occurred_on) as settlement_date
    from ruled
    left join settlements on ruled.adjustment_id = settlements.adjustment_id
    where ruled.issue is null and ruled.invoice_id is not null
    union all
    select adjustment_id, 'invoice', invoice_id, amount, settlement_date from spread
    union all
    select
        ruled.adjustment_id,
        'unapplied',
        cast(null as varchar(1)),
        ruled.amount - coalesce(spread_totals.origin_amount, 0),
        ruled.occurred_on
    from ruled
    left join spread_totals on ruled.adjustment_id = spread_totals.adjustment_id
    where ruled.issue is null
        and ruled.invoice_id is null
        and ruled.amount > coalesce(spread_totals.origin_amount, 0)
    union all
    select adjustment_id, 'nothing', cast(null as varchar(1)), amount, occurred_on from ruled where issue is not null
),

final as (
    select
        ruled.adjustment_id,
        row_number() over (
            partition by ruled.adjustment_id
            order by postings.target, postings.invoice_id, postings.settlement_date, postings.amount
        ) as posting_number,
        postings.target,
        postings.invoice_id,
        ruled.credit_note_id,
        ruled.payment_id,
        coalesce(documents.customer_id, ruled.customer_id) as customer_id,
        coalesce(documents.account_id, ruled.account_id) as account_id,
        ruled.adjustment_kind,
        coalesce(documents.currency, ruled.currency) as currency,
        ruled.issue,
        {{ money('postings.amount') }} as amount,
        documents.document_kind = 'opening' as is_opening,
        greatest(ruled.occurred_on, documents.issued_on) as event_date,
        greatest(postings.settlement_date, documents.issued_on) as settlement_date,
        ruled.occurred_on,
        documents.issued_on,
        documents.due_on,
        ruled._system,
        ruled._source,
        ruled._file,
        ruled._file_sha256,
        ruled._row,
        ruled._known_at
    from postings
    inner join ruled on postings.adjustment_id = ruled.adjustment_id
    left join documents on postings.invoice_id = documents.invoice_id
)

select * from final
