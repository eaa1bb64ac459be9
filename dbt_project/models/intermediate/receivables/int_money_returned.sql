-- Grain: one row per refund, chargeback or reversal and what it changes: an invoice, unapplied money, or nothing (`issue` says
-- why).
-- What went back of a payment goes back from what is left of it by then: from what it paid of the invoice that is named, and
-- then a refund from the unapplied part first, a chargeback or reversal from what it paid, the last first. What went back
-- before is there no more, and no more goes back than came: the rest changes nothing and says so. What is told in the currency
-- of the invoice goes back at the rate at which the payment paid that. Where the customer's money is allocated by
-- int_allocation_moves, that says what goes back (`is_assumed`, of money that is known). `settlement_date` is the day of the
-- payment that is taken back. `cash_amount` is in the currency of the money that moved.
with ruled as (
    select * from {{ ref('int_adjustments_resolved') }} where coalesce(adjustment_kind, '') <> 'write_off'
),

documents as (
    select * from {{ ref('int_billing_documents') }}
),

payments as (
    select payment_id, amount from {{ ref('int_billing_payments') }} where is_received
),

walked as (
    select distinct adjustment_id, day from {{ ref('int_allocation_steps') }} where adjustment_id is not null
),

moves as (
    select
        adjustment_id,
        invoice_id,
        -- Unspent money that went back: of payments, or of credit notes.
        case when invoice_id is null then min(credit_note_id) end as credit_note_id,
        coalesce(payment_id, credit_note_id) is not null as is_assumed,
        currency,
        case when invoice_id is null then event_date else settled_on end as settlement_date,
        -sum(amount) as amount
    from {{ ref('int_allocation_moves') }}
    where adjustment_id is not null
    group by
        adjustment_id,
        invoice_id,
        invoice_id is null and credit_note_id is not null,
        coalesce(payment_id, credit_note_id) is not null,
        currency,
        case when invoice_id is null then event_date else settled_on end
),

move_totals as (
    select adjustment_id, sum(amount) as amount from moves group by adjustment_id
),

linked as (
    select * from {{ ref('int_applications_linked') }} where issue is null and origin_kind = 'payment'
),

applications as (
    select invoice_id, amount, origin_amount, origin_currency, event_date from linked
    union all
    select invoice_id, amount, amount, currency, event_date
    from {{ ref('int_applications_assumed') }}
    where credit_note_id is null
),

-- Adjustments that name a payment.
of_payments as (
    select
        ruled.adjustment_id,
        ruled.payment_id,
        ruled.invoice_id,
        ruled.amount,
        ruled.currency,
        ruled.origin_amount,
        ruled.invoice_amount,
        ruled.origin_currency,
        payments.amount as payment_amount,
        case when ruled.adjustment_kind = 'refund' then 'refund' else 'chargeback' end as kind,
        {{ greatest_known('ruled.occurred_on', 'ruled.received_on') }} as occurred_on
    from ruled
    inner join payments on ruled.payment_id = payments.payment_id
    left join walked on ruled.adjustment_id = walked.adjustment_id
    where ruled.issue is null and walked.adjustment_id is null
),

steps as (
    select
        linked.payment_id,
        cast(null as decimal(18, 4)) as payment_amount,
        linked.event_date as day,
        0 as turn,
        linked.application_id as event_id,
        'apply' as kind,
        linked.invoice_id,
        linked.origin_amount as amount,
        linked.amount as worth
    from linked
    semi join of_payments on linked.payment_id = of_payments.payment_id
    union all
    select
        payment_id, payment_amount, occurred_on, 1, adjustment_id, kind, invoice_id, origin_amount, invoice_amount
    from of_payments
),

laid_out as (
    select
        payment_id,
        max(payment_amount) as payment_amount,
        list({{ payment_step('event_id', 'kind', 'invoice_id', 'amount', 'worth') }} order by day, turn, event_id) as steps
    from steps
    group by payment_id
),

returned as (
    -- What the linter cannot read are lambdas.
    select unnest(({{ payment_walk('steps', 'payment_amount') }}).returned) as part from laid_out -- noqa: PRS
),

returned_parts as (
    select
        returned.part.event_id as adjustment_id,
        returned.part.what as target,
        linked.invoice_id,
        linked.event_date as settlement_date,
        returned.part.amount as cash_amount,
        case
            when linked.application_id is null or linked.amount = linked.origin_amount then returned.part.amount
            else {{ money('linked.amount * returned.part.amount / linked.origin_amount') }}
        end as amount
    from returned
    left join linked on returned.part.application_id = linked.application_id
),

-- What an adjustment of an invoice, which names no payment, takes back: the last that paid it before.
settlements as (
    select
        ruled.adjustment_id,
        max(applications.event_date) as settlement_date,
        -- Of another currency's money too.
        max(struct_pack(
            paid_on := applications.event_date,
            currency := applications.origin_currency,
            rate := {{ ratio('applications.origin_amount', 'applications.amount') }}
        )) as last_paid
    from ruled
    inner join applications
        on ruled.invoice_id = applications.invoice_id and applications.event_date <= ruled.occurred_on
    group by ruled.adjustment_id
),

of_invoices as (
    select ruled.*, coalesce(settlements.settlement_date, ruled.occurred_on) as settlement_date, settlements.last_paid
    from ruled
    left join settlements on ruled.adjustment_id = settlements.adjustment_id
    left join walked on ruled.adjustment_id = walked.adjustment_id
    where ruled.issue is null
        and ruled.invoice_id is not null
        and ruled.payment_id is null
        and walked.adjustment_id is null
),

postings as (
    select
        adjustment_id,
        'invoice' as target,
        invoice_id,
        amount,
        cast(null as varchar(1)) as issue,
        case
            when last_paid.currency <> currency then {{ money('amount * last_paid.rate') }} else amount
        end as cash_amount,
        case when last_paid.currency <> currency then last_paid.currency else currency end as cash_currency,
        settlement_date,
        cast(null as varchar(1)) as credit_note_id,
        false as is_assumed
    from of_invoices
    union all
    select
        of_payments.adjustment_id,
        returned_parts.target,
        returned_parts.invoice_id,
        coalesce(returned_parts.amount, of_payments.amount),
        case
            when returned_parts.amount is null then 'no_rate'
            when returned_parts.target = 'nothing' then 'exceeds_payment'
        end,
        case when returned_parts.target = 'nothing' then 0 else returned_parts.cash_amount end,
        case when returned_parts.amount is null then of_payments.currency else of_payments.origin_currency end,
        coalesce(returned_parts.settlement_date, of_payments.occurred_on),
        null,
        false
    from of_payments
    inner join returned_parts on of_payments.adjustment_id = returned_parts.adjustment_id
    union all
    -- Neither an invoice nor a payment that is known.
    select
        ruled.adjustment_id, 'unapplied', null, ruled.amount, null, ruled.amount, ruled.currency, ruled.occurred_on,
        null, false
    from ruled
    left join walked on ruled.adjustment_id = walked.adjustment_id
    where ruled.issue is null
        and ruled.invoice_id is null
        and ruled.payment_id is null
        and walked.adjustment_id is null
    union all
    select
        adjustment_id,
        case when invoice_id is null then 'unapplied' else 'invoice' end,
        invoice_id,
        amount,
        null,
        amount,
        currency,
        settlement_date,
        credit_note_id,
        is_assumed
    from moves
    union all
    select
        ruled.adjustment_id,
        case when ruled.payment_id is null then 'unapplied' else 'nothing' end,
        null,
        coalesce(ruled.origin_amount, ruled.amount) - coalesce(move_totals.amount, 0),
        case when ruled.payment_id is not null then 'exceeds_payment' end,
        coalesce(ruled.origin_amount, ruled.amount) - coalesce(move_totals.amount, 0),
        coalesce(ruled.origin_currency, ruled.currency),
        walked.day,
        null,
        true
    from ruled
    inner join walked on ruled.adjustment_id = walked.adjustment_id
    left join move_totals on ruled.adjustment_id = move_totals.adjustment_id
    where coalesce(ruled.origin_amount, ruled.amount) > coalesce(move_totals.amount, 0)
    union all
    select adjustment_id, 'nothing', null, amount, issue, 0, currency, occurred_on, null, false
    from ruled
    where issue is not null
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
        coalesce(postings.credit_note_id, ruled.credit_note_id) as credit_note_id,
        ruled.payment_id,
        -- A debt is its debtor's; money that nothing had used is the payer's, as the cash is (`payer_`).
        coalesce(documents.customer_id, ruled.origin_customer_id, ruled.customer_id) as customer_id,
        coalesce(documents.account_id, ruled.origin_account_id, ruled.account_id) as account_id,
        coalesce(ruled.origin_customer_id, ruled.customer_id) as payer_customer_id,
        coalesce(ruled.origin_account_id, ruled.account_id) as payer_account_id,
        ruled.adjustment_kind,
        coalesce(documents.currency, postings.cash_currency) as currency,
        postings.issue,
        {{ money('postings.amount') }} as amount,
        {{ money('postings.cash_amount') }} as cash_amount,
        postings.cash_currency,
        documents.document_kind = 'opening' as is_opening,
        postings.is_assumed,
        -- Nothing goes back before it came, as far as it names an invoice or a payment.
        {{ greatest_known(
            'ruled.occurred_on',
            'documents.issued_on',
            'ruled.received_on',
            "case when postings.target <> 'invoice' then postings.settlement_date end"
        ) }} as event_date,
        {{ greatest_known('postings.settlement_date', 'documents.issued_on') }} as settlement_date,
        {{ greatest_known('ruled.occurred_on', 'ruled.received_on') }} as occurred_on,
        documents.issued_on,
        documents.due_on,
        {{ provenance('ruled') }},
        ruled._known_at
    from postings
    inner join ruled on postings.adjustment_id = ruled.adjustment_id
    left join documents on postings.invoice_id = documents.invoice_id
)

select * from final
