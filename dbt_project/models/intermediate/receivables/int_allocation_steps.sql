-- Grain: one row per step of the walk that allocates a customer's money in a currency where its export does not: what came to
-- be owed, what came in, what changed either, in the order in which it happened. Only of customers who have money, and a debt
-- or money that went back.
-- Certain knowledge goes first. What applications say is neither owed nor money here. A document that says when it was
-- settled takes money before any other, what came within the settlement_lag_days after that day too, and what is then
-- missing came in unseen. A balance that the export reports is of the moment of the export: until then no more can have been
-- paid than it leaves, at that moment the rest of that came in unseen, and what it leaves stays open until an export says
-- otherwise. What is owed again because money went back stays open too: no program's balance is known to tell of that.
-- Of a document that was made void no balance counts: it is of a later state, in which nothing is owed whatever it says.
-- Where a customer's payments have applications, only settled documents ask for more: unapplied money is unapplied.
with run as (
    select * from {{ ref('int_run_dated') }}
),

documents as (
    select
        documents.* exclude (reported_balance),
        case when not documents.is_void then documents.reported_balance end as reported_balance,
        {{ day_seen('documents.reported_balance_known_at') }} as known_on
    from {{ ref('int_billing_documents') }} as documents
    cross join run
    where documents.customer_id <> {{ global_id('documents._system', "''") }}
),

received as (
    select * from {{ ref('int_billing_payments') }} where is_received and has_customer
),

applied as (
    select * from {{ ref('int_applications_linked') }} where issue is null
),

adjustments as (
    select * from {{ ref('int_adjustments_resolved') }} where issue is null
),

explicit_customers as (
    select * from {{ ref('int_customers_applied') }}
),

-- Who pays may be known by another number than who owes: a bank statement names the payer. What can pay under a number that
-- owes nothing is for the one number under which its account owes, and what goes back of it goes back there; unless
-- applications say what the first pays and the other's money does not have any.
debtors as (
    select distinct account_id, currency, customer_id from documents where is_receivable
),

payers as (
    select customer_id, account_id, currency from received
    union
    select customer_id, account_id, currency from documents where is_credit
    union
    select customer_id, account_id, currency from adjustments where payment_id is null and invoice_id is null
),

owing_as as (
    select payers.customer_id, payers.currency, others.customer_id as debtor_id
    from payers
    inner join (
        select account_id, currency, min(customer_id) as customer_id
        from debtors
        group by account_id, currency
        having count(*) = 1
    ) as others on payers.account_id = others.account_id and payers.currency = others.currency
    left join explicit_customers as applied_own
        on payers.customer_id = applied_own.customer_id and payers.currency = applied_own.currency
    left join explicit_customers as applied_others
        on others.customer_id = applied_others.customer_id and others.currency = applied_others.currency
    where applied_own.customer_id is null or applied_others.customer_id is not null
),

payments as (
    select
        received.* exclude (customer_id),
        coalesce(owing_as.debtor_id, received.customer_id) as customer_id
    from received
    left join owing_as on received.customer_id = owing_as.customer_id and received.currency = owing_as.currency
),

credit_notes as (
    select
        documents.* exclude (customer_id),
        coalesce(owing_as.debtor_id, documents.customer_id) as customer_id,
        explicit_customers.customer_id is null as is_balance_heard
    from documents
    left join owing_as on documents.customer_id = owing_as.customer_id and documents.currency = owing_as.currency
    left join explicit_customers
        on documents.customer_id = explicit_customers.customer_id and documents.currency = explicit_customers.currency
    where documents.is_credit
),

paid_invoices as (
    select distinct invoice_id from applied where origin_kind = 'payment'
),

spent as (
    select origin_kind, coalesce(payment_id, credit_note_id) as origin_id, sum(origin_amount) as amount
    from applied
    where coalesce(payment_id, credit_note_id) is not null and not is_taken_back
    group by origin_kind, coalesce(payment_id, credit_note_id)
),

taken_back as (
    select payment_id, sum(origin_amount) as amount
    from adjustments
    where payment_id is not null and adjustment_kind <> 'write_off'
    group by payment_id
),

written_off as (
    select invoice_id, sum(amount) as amount from adjustments where adjustment_kind = 'write_off' group by invoice_id
),

claims as (
    select
        documents.*,
        explicit_customers.customer_id is null as is_fifo,
        case
            when documents.settled_on is not null then 'settled'
            when documents.reported_balance is not null then 'balance'
            else 'unknown'
        end as certainty,
        {{ least_or_unknown(greatest_or_unknown('documents.reported_balance', 0), 'documents.gross_amount') }} as left_amount,
        {{ is_balance_given_up('documents', 'written_off.amount') }} as is_balance_given_up,
        coalesce(written_off.amount, 0) as written_off_amount
    from documents
    left join explicit_customers
        on documents.customer_id = explicit_customers.customer_id
        and documents.currency = explicit_customers.currency
    left join paid_invoices on documents.invoice_id = paid_invoices.invoice_id
    left join written_off on documents.invoice_id = written_off.invoice_id
    where documents.is_receivable
        and documents.gross_amount > 0
        and paid_invoices.invoice_id is null
        and (explicit_customers.customer_id is null or documents.settled_on is not null)
),

debts as (
    select
        *,
        case
            when settled_on is null then {{ owed_rank() }}
            else 1000000000 * row_number() over (
                partition by customer_id, currency order by settled_on, due_on, issued_on, invoice_id
            )
        end
        + 2 * row_number() over (partition by customer_id, currency order by due_on, issued_on, invoice_id) as rank
    from claims
),

-- What can pay, less what applications say it paid.
money as (
    select
        'payment:' || payments.payment_id as origin_id,
        payments.customer_id,
        payments.currency,
        payments.received_on as came_on,
        explicit_customers.customer_id is null as is_fifo,
        case
            when payments.amount < 0 or explicit_customers.customer_id is null
                then payments.amount - coalesce(spent.amount, 0)
            -- What went back of it may be of what it paid, and is no other money's.
            else greatest(payments.amount - coalesce(spent.amount, 0) - coalesce(taken_back.amount, 0), 0)
        end as amount,
        cast(null as decimal(18, 4)) as left_amount,
        cast(null as date) as used_on,
        cast(null as date) as voided_on
    from payments
    left join spent on spent.origin_kind = 'payment' and payments.payment_id = spent.origin_id
    left join taken_back on payments.payment_id = taken_back.payment_id
    left join explicit_customers
        on payments.customer_id = explicit_customers.customer_id and payments.currency = explicit_customers.currency
    union all
    select
        'credit_note:' || credit_notes.invoice_id,
        credit_notes.customer_id,
        credit_notes.currency,
        credit_notes.issued_on,
        explicit_customers.customer_id is null,
        credit_notes.gross_amount - coalesce(spent.amount, 0),
        case
            when credit_notes.settled_on is null and credit_notes.is_balance_heard
                then {{ least_or_unknown(
                    greatest_or_unknown('credit_notes.reported_balance', 0),
                    'credit_notes.gross_amount - coalesce(spent.amount, 0)'
                ) }}
        end,
        case
            when credit_notes.is_void then null
            when credit_notes.settled_on is not null
                then {{ greatest_known(
                    plus_days('credit_notes.settled_on', parameter('settlement_lag_days')), 'credit_notes.issued_on'
                ) }}
            when credit_notes.reported_balance is not null and credit_notes.is_balance_heard
                then {{ greatest_known('credit_notes.known_on', 'credit_notes.issued_on') }}
        end,
        credit_notes.voided_on
    from credit_notes
    left join spent on spent.origin_kind = 'credit_note' and credit_notes.invoice_id = spent.origin_id
    left join explicit_customers
        on credit_notes.customer_id = explicit_customers.customer_id
        and credit_notes.currency = explicit_customers.currency
),

-- What is taken back is taken under the number under which its money is here.
walked_adjustments as (
    select
        adjustments.*,
        coalesce(
            payments.customer_id, owing_as.debtor_id, adjustments.origin_customer_id, adjustments.customer_id
        ) as walked_customer_id,
        coalesce(adjustments.origin_currency, adjustments.currency) as walked_currency,
        case when adjustments.payment_id is null then adjustments.amount else adjustments.origin_amount end as walked_amount
    from adjustments
    left join payments on adjustments.payment_id = payments.payment_id
    left join owing_as
        on adjustments.payment_id is null
        and adjustments.invoice_id is null
        and adjustments.customer_id = owing_as.customer_id
        and adjustments.currency = owing_as.currency
),

asked_of as (
    select
        walked_adjustments.*,
        explicit_customers.customer_id is null as is_fifo
    from walked_adjustments
    left join explicit_customers
        on walked_adjustments.walked_customer_id = explicit_customers.customer_id
        and walked_adjustments.walked_currency = explicit_customers.currency
),

-- Money that went back. Where applications are the rule they say what it had paid: here it lowers what is unspent.
taken as (
    select
        asked_of.walked_customer_id as customer_id,
        asked_of.walked_currency as currency,
        {{ greatest_known(
            'asked_of.occurred_on',
            'asked_of.received_on',
            'case when asked_of.is_fifo and asked_of.payment_id is null then debts.issued_on end'
        ) }} as day,
        case when asked_of.adjustment_kind = 'refund' then 'refund' else 'chargeback' end as kind,
        debts.invoice_id as debt_id,
        case
            when asked_of.credit_note_id is not null then 'credit_note:' || asked_of.credit_note_id
            else 'payment:' || asked_of.payment_id
        end as origin_id,
        asked_of.walked_amount as amount,
        case when asked_of.is_fifo then asked_of.adjustment_id end as adjustment_id,
        asked_of.adjustment_id as turn
    from asked_of
    left join debts on asked_of.invoice_id = debts.invoice_id
    where (
        asked_of.adjustment_kind in ('refund', 'chargeback')
        or (asked_of.adjustment_kind = 'reversal' and coalesce(asked_of.payment_id, asked_of.credit_note_id) is not null)
    )
    and (asked_of.is_fifo or (asked_of.payment_id is null and asked_of.invoice_id is null))
    -- What applications say is paid is owed again, whoever else's money is here.
    and (asked_of.invoice_id is null or asked_of.payment_id is not null or debts.invoice_id is not null)
),

-- Who has both: money, and something that asks for it.
walked as (
    select customer_id, currency from money where amount > 0
    intersect (
        select customer_id, currency from debts
        union
        select customer_id, currency from taken
        union
        select customer_id, currency from money where amount < 0
    )
),

-- What else than money changes what is to be paid: credit notes that are applied, until they are void, and reversals that name
-- no payment, which take nothing of any.
changes as (
    select applied.customer_id, applied.currency, event_date as day, 30 as place, applied.invoice_id as debt_id, -applied.amount as amount
    from applied
    inner join debts on applied.invoice_id = debts.invoice_id
    where applied.origin_kind = 'credit_note'
    union all
    select
        asked_of.customer_id, asked_of.currency, greatest(asked_of.occurred_on, debts.issued_on), 40, asked_of.invoice_id,
        asked_of.amount
    from asked_of
    inner join debts on asked_of.invoice_id = debts.invoice_id
    where asked_of.adjustment_kind = 'reversal' and asked_of.payment_id is null
),

written as (
    select
        asked_of.customer_id, asked_of.currency, greatest(asked_of.occurred_on, debts.issued_on) as day,
        asked_of.invoice_id as debt_id, asked_of.amount, asked_of.adjustment_id as turn
    from asked_of
    inner join debts on asked_of.invoice_id = debts.invoice_id
    where asked_of.adjustment_kind = 'write_off' and not debts.is_balance_given_up
),

-- What a balance leaves matters where something may lower it.
lowered as (
    select debt_id from changes
    union
    select debt_id from written
),

{% set everything = "cast('99999999999999' as decimal(18, 4))" %}
steps as (
    select
        customer_id,
        currency,
        issued_on as day,
        issued_on as happened_on,
        10 as place,
        'owe' as kind,
        invoice_id as debt_id,
        cast(null as varchar(1)) as origin_id,
        case when certainty = 'balance' then gross_amount - left_amount else gross_amount end as amount,
        cast(null as varchar(1)) as adjustment_id,
        cast(null as varchar(1)) as turn
    from debts
    union all
    select customer_id, currency, came_on, came_on, 20, 'come', null, origin_id, amount - coalesce(left_amount, 0), null,
        null
    from money
    where amount > 0
    union all
    -- A payment with a minus gives money back and names none.
    select
        customer_id, currency, came_on, came_on, 50, case when is_fifo then 'paid_out' else 'refund' end,
        null, case when is_fifo then origin_id end, -amount, null, null
    from money
    where amount < 0 and origin_id like 'payment:%'
    union all
    select
        customer_id, currency, day, day, place, case when amount < 0 then 'lose' else 'owe_again' end, debt_id, null, abs(amount),
        null, null
    from changes
    union all
    select customer_id, currency, day, day, 60, 'write_off', debt_id, null, amount, null, turn from written
    union all
    select customer_id, currency, day, day, 50, kind, debt_id, origin_id, amount, adjustment_id, turn from taken
    union all
    select customer_id, currency, voided_on, voided_on, 70, 'lose', invoice_id, null, {{ everything }}, null, null
    from debts
    where is_void
    union all
    select customer_id, currency, voided_on, voided_on, 70, 'chargeback', null, origin_id, {{ everything }}, null, null
    from money
    where voided_on is not null
    union all
    select
        customer_id,
        currency,
        {{ greatest_or_unknown("case when certainty = 'settled' then settled_on else known_on end", 'issued_on') }},
        {{ greatest_or_unknown(
            "case when certainty = 'settled' then " ~ plus_days('settled_on', parameter('settlement_lag_days'))
            ~ " else known_on end",
            'issued_on'
        ) }},
        80, 'end', invoice_id, null, {{ everything }}, null, null
    from debts
    where certainty <> 'unknown' and not is_void
    union all
    -- Of a balance that is the one before what was written off, so much is given up.
    {%- for place, kind, amount in [(90, 'leave', 'left_amount'), (91, 'give_up', 'written_off_amount')] %}
    select
        debts.customer_id, debts.currency, {{ greatest_or_unknown('debts.known_on', 'debts.issued_on') }},
        {{ greatest_or_unknown('debts.known_on', 'debts.issued_on') }}, {{ place }}, '{{ kind }}', debts.invoice_id, null,
        debts.{{ amount }}, null, null
    from debts
    inner join lowered on debts.invoice_id = lowered.debt_id
    where debts.certainty = 'balance' and not debts.is_void{{ ' and debts.is_balance_given_up' if kind == 'give_up' }}
    union all
    {%- endfor %}
    select customer_id, currency, used_on, used_on, 80, 'consume', null, origin_id, {{ everything }}, null, null
    from money
    where used_on is not null
),

final as (
    select
        steps.customer_id,
        steps.currency,
        row_number() over (
            partition by steps.customer_id, steps.currency
            order by
                steps.happened_on, steps.place, steps.turn, debts.rank, steps.origin_id, steps.debt_id, steps.kind,
                steps.amount
        ) as step_number,
        steps.kind,
        steps.debt_id,
        steps.origin_id,
        steps.adjustment_id,
        -- What is owed again is neither settled nor what a balance is of; up to the day of its settlement it is.
        case
            when debts.certainty = 'settled' and steps.kind = 'end' then {{ owed_rank() }}
            when steps.kind = 'end' then {{ owed_again_rank('debts.rank') }}
            when steps.kind = 'owe_again'
                and (
                    debts.certainty <> 'settled'
                    or steps.happened_on > {{ greatest_or_unknown('debts.settled_on', 'debts.issued_on') }}
                )
                then {{ owed_again_rank('debts.rank') }}
            else coalesce(debts.rank, 0)
        end as rank,
        {{ money('steps.amount') }} as amount,
        steps.day,
        debts.certainty
    from steps
    inner join walked on steps.customer_id = walked.customer_id and steps.currency = walked.currency
    left join debts on steps.debt_id = debts.invoice_id
    where steps.amount > 0
)

select * from final
