-- Grain: one row per application that no export holds but the data imply, by the rule in `allocation`; with a minus where it
-- holds no longer.
-- settled_date: the export says when the document was settled. balance_only: it says what is still open. fifo_assumed: it
-- says nothing, and the customer's money pays what was owed when it came, the oldest due first. Money of a payment or credit
-- note is one of the walk in int_allocation_moves; without one it came in unseen.
with run as (
    select * from {{ ref('int_run_dated') }}
),

documents as (
    select * from {{ ref('int_billing_documents') }} where is_receivable
),

payments as (
    select payment_id, received_on as origin_date, {{ provenance() }}, _known_at from {{ ref('int_billing_payments') }}
),

credit_notes as (
    select invoice_id as credit_note_id, issued_on as origin_date, {{ provenance() }}, _known_at
    from {{ ref('int_billing_documents') }}
    where is_credit
),

linked as (
    select * from {{ ref('int_applications_linked') }} where issue is null
),

explicit_customers as (
    select * from {{ ref('int_customers_applied') }}
),

-- What goes back of somebody else's money may name a debt, too, that nothing of theirs pays.
walked as (
    select distinct debt_id as invoice_id, customer_id, currency
    from {{ ref('int_allocation_steps') }}
    where debt_id is not null
),

-- What one payment paid of one document on one day is one application.
moves as (
    select
        invoice_id, payment_id, credit_note_id, event_date, settled_on,
        sum(amount) as amount,
        min(move_number) as move_number
    from {{ ref('int_allocation_moves') }}
    where adjustment_id is null
    group by invoice_id, payment_id, credit_note_id, event_date, settled_on, amount > 0
),

moved as (
    select
        moves.invoice_id,
        moves.payment_id,
        moves.credit_note_id,
        moves.amount,
        case
            when documents.settled_on is not null then 'settled_date'
            when coalesce(moves.payment_id, moves.credit_note_id) is null then 'balance_only'
            else 'fifo_assumed'
        end as allocation,
        moves.event_date,
        moves.settled_on as settlement_date,
        coalesce(moves.payment_id, moves.credit_note_id, 'unseen') || ':' || cast(moves.move_number as varchar(20)) as how
    from moves
    inner join documents on moves.invoice_id = documents.invoice_id
),

-- What else than cash changed an invoice that nobody's known money pays.
changed as (
    select
        invoice_id,
        occurred_on as changed_on,
        case when adjustment_kind = 'write_off' then 60 else 40 end as place,
        adjustment_kind = 'write_off' as is_write_off,
        case when adjustment_kind = 'write_off' then -amount else amount end as amount
    from {{ ref('int_adjustments_resolved') }}
    where invoice_id is not null
        and issue is null
        -- A settlement knows as little as a balance of money that went back.
        and (adjustment_kind = 'write_off' or (adjustment_kind = 'reversal' and payment_id is null))
    union all
    select invoice_id, event_date, 30, false, -amount from linked where origin_kind = 'credit_note'
),

written_off as (
    select invoice_id, -sum(amount) as amount from changed where is_write_off group by invoice_id
),

unseen as (
    select
        documents.*,
        {{ is_balance_given_up('documents', 'written_off.amount') }} as is_balance_given_up,
        {{ greatest_or_unknown(
            'coalesce(documents.settled_on, ' ~ day_seen('documents.reported_balance_known_at') ~ ')', 'documents.issued_on'
        ) }} as paid_on,
        {{ greatest_or_unknown(
            'coalesce(' ~ plus_days('documents.settled_on', parameter('settlement_lag_days')) ~ ', '
            ~ day_seen('documents.reported_balance_known_at') ~ ')',
            'documents.issued_on'
        ) }} as told_until
    from documents
    cross join run
    left join walked
        on documents.invoice_id = walked.invoice_id
        and documents.customer_id = walked.customer_id
        and documents.currency = walked.currency
    left join written_off on documents.invoice_id = written_off.invoice_id
    left join explicit_customers
        on documents.customer_id = explicit_customers.customer_id
        and documents.currency = explicit_customers.currency
    left join (select distinct invoice_id from linked where origin_kind = 'payment') as paid
        on documents.invoice_id = paid.invoice_id
    where walked.invoice_id is null
        and paid.invoice_id is null
        and not documents.is_void
        and documents.gross_amount > 0
        and (
            documents.settled_on is not null
            or (documents.reported_balance is not null and explicit_customers.customer_id is null)
        )
),

-- What is written off or credited soon after the day of settlement was settled by that, and not by money that nobody saw; what
-- is owed again after it was not settled. A balance tells of what came before it. One thing after the other: a write-off takes
-- no more than is open, a credit note gives back of it what nothing else needs, and what is owed again is lost again first.
claims as (
    select
        unseen.invoice_id,
        unseen.settled_on,
        unseen.paid_on,
        {{ money(
            'unseen.gross_amount - case when unseen.settled_on is null then '
            ~ greatest_or_unknown('unseen.reported_balance', 0) ~ ' else 0 end'
        ) }} as amount,
        list(struct_pack(is_write_off := changed.is_write_off, amount := {{ money('changed.amount') }}) order by
            {{ greatest_known('changed.changed_on', 'unseen.issued_on') }}, changed.place, changed.amount
        ) filter (
            where changed.changed_on <= unseen.told_until
                and (changed.amount < 0 or (unseen.settled_on is not null and changed.changed_on <= unseen.paid_on))
                and not (changed.is_write_off and unseen.is_balance_given_up)
        ) as changes
    from unseen
    left join changed on unseen.invoice_id = changed.invoice_id
    group by
        unseen.invoice_id, unseen.settled_on, unseen.paid_on, unseen.gross_amount, unseen.reported_balance
),

claimed as (
    select invoice_id, settled_on, paid_on, amount from claims where changes is null
    union all
    select
        invoice_id, settled_on, paid_on,
        -- What the linter cannot read is a lambda.
        list_reduce( -- noqa: PRS
            changes,
            lambda so_far, next: struct_pack(
                amount := {{ money(
                    'case when next.is_write_off then so_far.amount - least(-next.amount, greatest(so_far.amount, 0)) '
                    ~ 'when next.amount < 0 then so_far.amount + next.amount + '
                    ~ 'least(greatest(-next.amount - greatest(so_far.amount, 0), 0), so_far.lost) '
                    ~ 'else so_far.amount + next.amount - '
                    ~ 'least(greatest(next.amount + least(so_far.amount, 0), 0), so_far.given_up - so_far.lost) end'
                ) }},
                lost := {{ money(
                    'so_far.lost + case when next.is_write_off then least(-next.amount, greatest(so_far.amount, 0)) '
                    ~ 'when next.amount < 0 '
                    ~ 'then -least(greatest(-next.amount - greatest(so_far.amount, 0), 0), so_far.lost) '
                    ~ 'else least(greatest(next.amount + least(so_far.amount, 0), 0), so_far.given_up - so_far.lost) end'
                ) }},
                given_up := {{ money(
                    'so_far.given_up + '
                    ~ 'case when next.is_write_off then least(-next.amount, greatest(so_far.amount, 0)) else 0 end'
                ) }}
            ),
            struct_pack(amount := amount, lost := {{ money('0') }}, given_up := {{ money('0') }})
        ).amount
    from claims
    where changes is not null
),

assumed as (
    select * from moved
    union all
    select
        invoice_id,
        null,
        null,
        amount,
        case when settled_on is null then 'balance_only' else 'settled_date' end,
        paid_on,
        paid_on,
        case when settled_on is null then 'balance_only' else 'settled_date' end
    from claimed
    where amount > 0
),

final as (
    select
        assumed.invoice_id || ':' || assumed.how as application_id,
        assumed.invoice_id,
        assumed.payment_id,
        assumed.credit_note_id,
        documents.customer_id,
        documents.account_id,
        documents.currency,
        assumed.allocation,
        {{ money('assumed.amount') }} as amount,
        documents.document_kind = 'opening' as is_opening,
        greatest(assumed.event_date, documents.issued_on) as event_date,
        greatest(assumed.settlement_date, documents.issued_on) as settlement_date,
        coalesce(payments.origin_date, credit_notes.origin_date) as origin_date,
        documents.issued_on,
        documents.due_on,
        {%- for column in ['_system', '_source', '_file', '_file_sha256', '_row', '_known_at'] %}
        coalesce(payments.{{ column }}, credit_notes.{{ column }}, documents.{{ column }}) as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from assumed
    inner join documents on assumed.invoice_id = documents.invoice_id
    left join payments on assumed.payment_id = payments.payment_id
    left join credit_notes on assumed.credit_note_id = credit_notes.credit_note_id
)

select * from final
