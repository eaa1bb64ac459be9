-- Grain: one row per movement of an account in a currency: what made it owe more (+) or less (−), with the running balance.
-- The balance is R3: open less over-applied less unapplied. Putting an account's own money on its own invoice moves
-- nothing, so that applications stand here only where money changes account, currency or amount on the way, or where
-- the export holds no payment behind them.
with documents as (
    select * from {{ ref('int_billing_documents') }}
),

linked as (
    select
        *,
        payment_id is not null or (credit_note_id is not null and origin_kind = 'credit_note') as has_origin,
        coalesce(payment_id, credit_note_id) as origin_id
    from {{ ref('int_applications_linked') }}
    where issue is null
),

transferred as (
    select *
    from linked
    where has_origin
        and (origin_account_id <> account_id or origin_currency <> currency or origin_amount <> amount)
),

movements as (
    select
        'document:' || invoice_id as line_id,
        case
            when is_credit then 'credit_note'
            when document_kind = 'opening' then 'opening_balance'
            else document_kind
        end as kind,
        account_id,
        currency,
        case when document_kind <> 'opening' then invoice_number end as document,
        invoice_id,
        'explicit' as allocation,
        case when is_credit then -gross_amount else gross_amount end as amount,
        issued_on as occurred_on,
        case when not is_credit then due_on end as due_on,
        {{ provenance() }}
    from documents
    where is_receivable or is_credit
    union all
    select
        'void:' || invoice_id,
        'void',
        account_id,
        currency,
        invoice_number,
        invoice_id,
        'explicit',
        case when is_credit then gross_amount else -gross_amount end,
        voided_on,
        null,
        {{ provenance() }}
    from documents
    where is_void and (is_receivable or is_credit)
    union all
    select
        'payment:' || payment_id,
        case when amount < 0 then 'refund' else 'payment' end,
        account_id,
        currency,
        coalesce(nullif(reference, ''), {{ native_id('payment_id') }}),
        null,
        'explicit',
        -amount,
        received_on,
        null,
        {{ provenance() }}
    from {{ ref('int_billing_payments') }} as payments
    where is_received
    union all
    -- Money that the export shows only by what it was put on.
    select
        'inferred:' || linked.application_id,
        case
            when linked.origin_kind = 'credit_note' then 'credit_note'
            when linked.amount < 0 then 'reversal'
            else 'payment'
        end,
        linked.account_id,
        linked.currency,
        documents.invoice_number,
        linked.invoice_id,
        linked.allocation,
        -linked.amount,
        linked.event_date,
        null,
        {{ provenance('linked') }}
    from linked
    inner join documents on linked.invoice_id = documents.invoice_id
    where not linked.has_origin
    union all
    select
        'inferred:' || assumed.application_id,
        'payment',
        assumed.account_id,
        assumed.currency,
        documents.invoice_number,
        assumed.invoice_id,
        assumed.allocation,
        -assumed.amount,
        assumed.event_date,
        null,
        {{ provenance('assumed') }}
    from {{ ref('int_applications_assumed') }} as assumed
    inner join documents on assumed.invoice_id = documents.invoice_id
    where coalesce(assumed.payment_id, assumed.credit_note_id) is null
    union all
    select
        event_id,
        'recovery',
        account_id,
        currency,
        {{ native_id('invoice_id') }},
        invoice_id,
        allocation,
        amount,
        event_date,
        null,
        {{ provenance() }}
    from {{ ref('fct_receivable_events') }}
    where event_type = 'recovery'
    union all
    -- One account's money on another's invoice, or one currency's on another's: off here, on there.
    select
        'transfer_in:' || application_id,
        'transfer',
        account_id,
        currency,
        {{ native_id('origin_id') }},
        invoice_id,
        allocation,
        -amount,
        event_date,
        null,
        {{ provenance() }}
    from transferred
    union all
    select
        'transfer_out:' || application_id,
        'transfer',
        origin_account_id,
        origin_currency,
        {{ native_id('origin_id') }},
        invoice_id,
        allocation,
        origin_amount,
        event_date,
        null,
        {{ provenance() }}
    from transferred
    union all
    -- A credit note that an export shows as used up without saying where: the invoices that it lowered look paid.
    select
        'consumed:' || consumed.credit_note_id,
        'credit_note_used',
        consumed.account_id,
        consumed.currency,
        documents.invoice_number,
        consumed.credit_note_id,
        consumed.allocation,
        consumed.amount,
        consumed.event_date,
        null,
        {{ provenance('consumed') }}
    from {{ ref('int_credit_notes_consumed') }} as consumed
    inner join documents on consumed.credit_note_id = documents.invoice_id
    union all
    -- An adjustment may change several invoices: to the account it is one movement a day.
    select
        'adjustment:' || adjustment_id || ':' || account_id || ':' || currency || ':' || cast(event_date as varchar(10)),
        adjustment_kind,
        account_id,
        currency,
        {{ native_id('adjustment_id') }},
        case when count(distinct invoice_id) = 1 then min(invoice_id) end,
        'explicit',
        sum(case when adjustment_kind = 'write_off' then -amount else amount end),
        event_date,
        null,
        {{ provenance() }}
    from {{ ref('int_adjustments_posted') }} as adjusted
    where issue is null and target <> 'nothing'
    group by
        adjustment_id, adjustment_kind, account_id, currency, event_date,
        _system, _source, _file, _file_sha256, _row
),

-- Within a day debts come before what settles them.
placed as (
    select
        *,
        case
            when kind = 'opening_balance' then 0
            when kind in ('invoice', 'debit_note') then 1
            when kind in ('void', 'credit_note') then 2
            else 3
        end as place
    from movements
),

final as (
    select
        line_id,
        account_id,
        currency,
        cast(row_number() over (
            partition by account_id, currency order by occurred_on, place, line_id
        ) as bigint) as line_number,
        kind,
        document,
        invoice_id,
        allocation,
        {{ is_payment_dated('allocation', "case when line_id not like 'inferred:%' then line_id end") }} as is_dated,
        {{ money('amount') }} as amount,
        {{ money(greatest_known('amount', '0')) }} as debit,
        {{ money(greatest_known('-amount', '0')) }} as credit,
        {{ money('sum(amount) over (
            partition by account_id, currency order by occurred_on, place, line_id
            rows between unbounded preceding and current row
        )') }} as running_balance,
        occurred_on,
        due_on,
        {{ provenance() }}
    from placed
)

select * from final
