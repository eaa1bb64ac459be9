-- Grain: one row per refund, chargeback or reversal and what it changes: an invoice, unapplied money, or nothing (`issue` says
-- why).
-- What went back of a payment goes back from what is left of it by then: from what it paid of the invoice that is named, and
-- then a refund from the unapplied part first, a chargeback or reversal from what it paid, the last first. What went back
-- before is there no more, and no more goes back than came: the rest changes nothing and says so. Where the customer's money is allocated by int_allocation_moves, that says what goes back
-- (`is_assumed`, of money that is known). `settlement_date` is the day of the payment that is taken back. `cash_amount` is in
-- the currency of the money that moved.
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
    select distinct adjustment_id from {{ ref('int_allocation_steps') }} where adjustment_id is not null
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

applications as (
    select application_id, invoice_id, payment_id, amount, origin_amount, origin_currency, event_date
    from {{ ref('int_applications_linked') }}
    where issue is null and origin_kind = 'payment'
    union all
    select application_id, invoice_id, payment_id, amount, amount, currency, event_date
    from {{ ref('int_applications_assumed') }}
    where credit_note_id is null
),

-- Adjustments that name a payment, and, if any, an invoice in its currency.
of_payments as (
    select
        ruled.adjustment_id,
        ruled.payment_id,
        ruled.invoice_id,
        ruled.origin_amount,
        ruled.origin_currency,
        payments.amount as payment_amount,
        ruled.adjustment_kind = 'refund' as is_refund,
        {{ greatest_known('ruled.occurred_on', 'ruled.received_on') }} as occurred_on
    from ruled
    inner join payments on ruled.payment_id = payments.payment_id
    left join walked on ruled.adjustment_id = walked.adjustment_id
    where ruled.issue is null
        and walked.adjustment_id is null
        and (ruled.invoice_id is null or ruled.currency = ruled.origin_currency)
),

-- What each payment paid, the last with the highest place.
paid as (
    select
        applications.payment_id,
        applications.invoice_id,
        applications.event_date,
        applications.amount,
        applications.origin_amount,
        row_number() over (
            partition by applications.payment_id order by applications.event_date, applications.application_id
        ) as place
    from applications
    semi join of_payments on applications.payment_id = of_payments.payment_id
),

paid_lists as (
    select
        payment_id,
        list(struct_pack(
            place := place, invoice_id := invoice_id, day := event_date, amount := {{ money('origin_amount') }}
        ) order by place) as pieces
    from paid
    group by payment_id
),

laid_out as (
    select
        of_payments.payment_id,
        max(of_payments.payment_amount) as payment_amount,
        coalesce(max(paid_lists.pieces), []) as pieces,
        list({{ return_step(
            'of_payments.adjustment_id', 'of_payments.invoice_id', 'of_payments.is_refund', 'of_payments.occurred_on',
            'of_payments.origin_amount'
        ) }} order by of_payments.occurred_on, of_payments.adjustment_id) as steps
    from of_payments
    left join paid_lists on of_payments.payment_id = paid_lists.payment_id
    group by of_payments.payment_id
),

walks as (
    -- What the linter cannot read are lambdas.
    select payment_id, ({{ returns('steps', 'pieces', 'payment_amount') }}).taken as taken from laid_out -- noqa: PRS
),

returned as (
    select payment_id, unnest(taken) as part from walks
),

returned_parts as (
    select
        part.adjustment_id as adjustment_id,
        paid.invoice_id,
        paid.event_date as settlement_date,
        part.amount as cash_amount,
        case
            when paid.place is null or paid.amount = paid.origin_amount then part.amount
            else {{ money('paid.amount * part.amount / paid.origin_amount') }}
        end as amount
    from returned
    left join paid on returned.payment_id = paid.payment_id and part.place = paid.place
),

returned_totals as (
    select adjustment_id, sum(cash_amount) as amount from returned_parts group by adjustment_id
),

-- The payment that an adjustment of an invoice takes back: the one it names, else the invoice's last before it.
settlements as (
    select
        ruled.adjustment_id,
        coalesce(
            max(applications.event_date) filter (where applications.payment_id = ruled.payment_id),
            max(applications.event_date) filter (where applications.event_date <= ruled.occurred_on)
        ) as settlement_date,
        sum(applications.amount) filter (
            where applications.payment_id = ruled.payment_id and applications.event_date <= ruled.occurred_on
        ) as paid_amount,
        sum(applications.origin_amount) filter (
            where applications.payment_id = ruled.payment_id and applications.event_date <= ruled.occurred_on
        ) as paid_origin_amount,
        -- Of another currency's money, the last that paid.
        max(struct_pack(
            paid_on := applications.event_date,
            currency := applications.origin_currency,
            rate := {{ ratio('applications.origin_amount', 'applications.amount') }}
        )) filter (
            where applications.event_date <= ruled.occurred_on
        ) as last_paid
    from ruled
    inner join applications on ruled.invoice_id = applications.invoice_id
    group by ruled.adjustment_id
),

-- Of an invoice, without a payment or with one in another currency.
of_invoices as (
    select
        ruled.*,
        coalesce(settlements.settlement_date, ruled.occurred_on) as settlement_date,
        settlements.last_paid,
        settlements.paid_amount,
        settlements.paid_origin_amount
    from ruled
    left join settlements on ruled.adjustment_id = settlements.adjustment_id
    left join walked on ruled.adjustment_id = walked.adjustment_id
    left join of_payments on ruled.adjustment_id = of_payments.adjustment_id
    where ruled.issue is null
        and ruled.invoice_id is not null
        and walked.adjustment_id is null
        and of_payments.adjustment_id is null
),

postings as (
    select
        adjustment_id,
        'invoice' as target,
        invoice_id,
        amount,
        cast(null as varchar(1)) as issue,
        case
            when paid_amount > 0 and origin_currency <> currency
                then {{ money('amount * paid_origin_amount / paid_amount') }}
            when last_paid.currency <> currency then {{ money('amount * last_paid.rate') }}
            else amount
        end as cash_amount,
        case
            when paid_amount > 0 and origin_currency <> currency then origin_currency
            when last_paid.currency <> currency then last_paid.currency
            else currency
        end as cash_currency,
        settlement_date,
        cast(null as varchar(1)) as credit_note_id,
        false as is_assumed
    from of_invoices
    union all
    select
        of_payments.adjustment_id,
        case when returned_parts.invoice_id is null then 'unapplied' else 'invoice' end,
        returned_parts.invoice_id,
        returned_parts.amount,
        null,
        returned_parts.cash_amount,
        of_payments.origin_currency,
        coalesce(returned_parts.settlement_date, of_payments.occurred_on),
        null,
        false
    from of_payments
    inner join returned_parts on of_payments.adjustment_id = returned_parts.adjustment_id
    union all
    select
        of_payments.adjustment_id,
        'nothing',
        null,
        of_payments.origin_amount - coalesce(returned_totals.amount, 0),
        'exceeds_payment',
        0,
        of_payments.origin_currency,
        of_payments.occurred_on,
        null,
        false
    from of_payments
    left join returned_totals on of_payments.adjustment_id = returned_totals.adjustment_id
    where of_payments.origin_amount > coalesce(returned_totals.amount, 0)
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
        ruled.occurred_on,
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
        {{ greatest_known('ruled.occurred_on', 'documents.issued_on', 'ruled.received_on') }} as event_date,
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
