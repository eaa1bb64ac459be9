-- Grain: one row per refund, chargeback or reversal and what it changes: an invoice, unapplied money, or nothing (`issue` says
-- why).
-- What went back of a payment goes back from what it paid by then, the last first, and from what of it was unapplied: a
-- refund from the unapplied part first, a chargeback or reversal from what was paid. No more goes back than came: the rest
-- changes nothing and says so. Where the customer's money is allocated by int_allocation_moves, that says what goes back
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

-- Adjustments that name a payment, in the order in which they take from it.
of_payments as (
    select
        ruled.*,
        payments.amount as payment_amount,
        ruled.adjustment_kind = 'refund' as is_refund,
        coalesce(sum(ruled.origin_amount) over (
            partition by ruled.payment_id
            order by ruled.occurred_on, ruled.adjustment_id
            rows between unbounded preceding and 1 preceding
        ), 0) as taken_before
    from ruled
    inner join payments on ruled.payment_id = payments.payment_id
    left join walked on ruled.adjustment_id = walked.adjustment_id
    where ruled.invoice_id is null
        and ruled.issue is null
        and walked.adjustment_id is null
),

-- A payment's money laid out in the order in which it goes back: its applications, the last first, and what is unapplied.
applied_of as (
    select
        of_payments.adjustment_id,
        applications.application_id,
        applications.invoice_id,
        applications.amount,
        applications.origin_amount,
        applications.event_date as settlement_date,
        sum(applications.origin_amount) over (
            partition by of_payments.adjustment_id
            order by applications.event_date desc, applications.application_id
        ) as upto
    from of_payments
    inner join applications
        on of_payments.payment_id = applications.payment_id and applications.event_date <= of_payments.occurred_on
),

applied_totals as (
    select adjustment_id, sum(origin_amount) as origin_amount from applied_of group by adjustment_id
),

laid_out as (
    select
        of_payments.adjustment_id,
        of_payments.occurred_on,
        of_payments.is_refund,
        of_payments.taken_before as since,
        of_payments.taken_before + of_payments.origin_amount as upto,
        coalesce(applied_totals.origin_amount, 0) as applied_amount,
        greatest(of_payments.payment_amount - coalesce(applied_totals.origin_amount, 0), 0) as unapplied_amount,
        of_payments.origin_amount,
        of_payments.currency
    from of_payments
    left join applied_totals on of_payments.adjustment_id = applied_totals.adjustment_id
),

spread as (
    select
        laid_out.adjustment_id,
        applied_of.invoice_id,
        applied_of.settlement_date,
        laid_out.currency as cash_currency,
        {{ money('least(
            laid_out.upto,
            applied_of.upto + case when laid_out.is_refund then laid_out.unapplied_amount else 0 end
        ) - greatest(
            laid_out.since,
            applied_of.upto - applied_of.origin_amount + case when laid_out.is_refund then laid_out.unapplied_amount else 0 end
        )') }} as cash_amount,
        applied_of.amount as applied_amount,
        applied_of.origin_amount as applied_origin_amount
    from laid_out
    inner join applied_of on laid_out.adjustment_id = applied_of.adjustment_id
    where applied_of.origin_amount > 0
),

-- What of the rest lies on the payment's unapplied part.
unspread as (
    select
        adjustment_id,
        currency,
        occurred_on,
        {{ money('greatest(
            least(upto, unapplied_amount + case when is_refund then 0 else applied_amount end)
            - greatest(since, case when is_refund then 0 else applied_amount end),
            0
        )') }} as amount
    from laid_out
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

-- An invoice and a payment are named, and the payment had not paid the invoice yet: its money was unapplied.
of_invoices as (
    select
        ruled.*,
        coalesce(settlements.settlement_date, ruled.occurred_on) as settlement_date,
        settlements.last_paid,
        settlements.paid_amount,
        settlements.paid_origin_amount,
        case
            when ruled.payment_id is not null and ruled.origin_currency = ruled.currency
                then least(
                    greatest(ruled.amount - coalesce(settlements.paid_amount, 0), 0),
                    greatest(payments.amount - coalesce(spent.amount, 0), 0)
                )
            else 0
        end as from_unapplied
    from ruled
    left join settlements on ruled.adjustment_id = settlements.adjustment_id
    left join payments on ruled.payment_id = payments.payment_id
    left join (
        select ruled.adjustment_id, sum(applications.origin_amount) as amount
        from ruled
        inner join applications
            on ruled.payment_id = applications.payment_id and applications.event_date <= ruled.occurred_on
        group by ruled.adjustment_id
    ) as spent on ruled.adjustment_id = spent.adjustment_id
    left join walked on ruled.adjustment_id = walked.adjustment_id
    where ruled.issue is null and ruled.invoice_id is not null and walked.adjustment_id is null
),

postings as (
    select
        adjustment_id,
        'invoice' as target,
        invoice_id,
        amount - from_unapplied as amount,
        cast(null as varchar(1)) as issue,
        case
            when paid_amount > 0 and origin_currency <> currency
                then {{ money('(amount - from_unapplied) * paid_origin_amount / paid_amount') }}
            when last_paid.currency <> currency then {{ money('(amount - from_unapplied) * last_paid.rate') }}
            else amount - from_unapplied
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
    where amount > from_unapplied
    union all
    select
        adjustment_id, 'unapplied', null, from_unapplied, null, from_unapplied, currency, occurred_on, null, false
    from of_invoices
    where from_unapplied > 0
    union all
    select
        adjustment_id,
        'invoice',
        invoice_id,
        case
            when applied_amount = applied_origin_amount then cash_amount
            else applied_amount * cash_amount / applied_origin_amount
        end,
        null,
        cash_amount,
        cash_currency,
        settlement_date,
        null,
        false
    from spread
    where cash_amount > 0
    union all
    select adjustment_id, 'unapplied', null, amount, null, amount, currency, occurred_on, null, false
    from unspread
    where amount > 0
    union all
    select
        adjustment_id,
        'nothing',
        null,
        upto - greatest(since, applied_amount + unapplied_amount),
        'exceeds_payment',
        0,
        currency,
        occurred_on,
        null,
        false
    from laid_out
    where upto > applied_amount + unapplied_amount
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
