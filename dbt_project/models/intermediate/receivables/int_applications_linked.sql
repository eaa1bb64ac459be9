-- Grain: one row per application that an export holds: money of a payment or a credit note put on an invoice; and one more
-- (`is_taken_back`) for each that ended because its credit note was made void. A line of a payment that tells of a credit note
-- that the payment used has one for each invoice that the note paid, in place of as much of the payment's own line.
-- `issue` says why one is not posted; it is NULL for those that count. `amount` is in the invoice's currency,
-- `origin_amount` in the payment's. Nothing is applied before the invoice and the money are both there, and no more than
-- what its payment or credit note still has that day: `unposted_amount` is the rest of what the export says.
with run as (
    select * from {{ ref('int_run_dated') }}
),

given as (
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
        invoice_id, customer_id, account_id, document_kind, currency,
        gross_amount, is_receivable, is_void, is_credit, issued_on, due_on, voided_on
    from {{ ref('int_billing_documents') }}
),

payments as (
    select payment_id, customer_id, account_id, currency, amount, received_on, is_settled, is_received
    from {{ ref('int_billing_payments') }}
),

-- Whoever exports applications without any payments shows money by its applications alone. Where payments are exported, one
-- that is not among them was rejected or has been deleted, and an application that names none is of one of them, or of nothing.
paying_systems as (
    select distinct _system from {{ ref('stg_billing__payments') }}
    union
    select applications._system
    from (select distinct _system from given) as applications
    inner join (
        select distinct system, row_text from {{ source('raw', 'landing_held_payments') }}
    ) as rejects
        on applications._system = rejects.system or contains(rejects.row_text, applications._system)
),

-- What is taken back of a payment, in its currency or in that of the invoice that is named.
taken_back as (
    select
        payment_id,
        adjustment_id,
        case when adjustment_kind = 'refund' then 'refund' else 'chargeback' end as kind,
        invoice_id,
        {{ greatest_known('occurred_on', 'received_on') }} as occurred_on,
        origin_amount,
        invoice_amount
    from {{ ref('int_adjustments_resolved') }}
    where payment_id is not null and issue is null and adjustment_kind in ('refund', 'chargeback', 'reversal')
),

-- Few documents are credit notes: a small table to join against.
credit_notes as (
    select * from documents where is_credit
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

-- A payment's line that names a credit note and no invoice: the payment used the note, and its lines of invoices come to what
-- both gave. Laid end to end in their order, the payment's own money pays the first of these and its notes the last.
noted_lines as (
    select
        given.application_key,
        given.payment_key,
        given.credit_note_key,
        given.amount,
        sum(given.amount) over (partition by given.payment_key order by given.application_key) as upto,
        sum(given.amount) over (partition by given.payment_key) as total
    from given
    inner join payments on given.payment_key = payments.payment_id
    inner join credit_notes
        on given.credit_note_key = credit_notes.invoice_id and payments.currency = credit_notes.currency
    where given.invoice_id is null and given.amount > 0 and payments.is_received
),

paying_lines as (
    select
        given.application_key,
        given.payment_key,
        given.invoice_id,
        given.invoice_key,
        given.amount,
        payments.customer_id as used_by_id,
        coalesce(given.applied_on, payments.received_on) as applied_on,
        sum(given.amount) over (partition by given.payment_key order by given.application_key) as upto,
        sum(given.amount) over (partition by given.payment_key) as total
    from given
    semi join noted_lines on given.payment_key = noted_lines.payment_key
    inner join payments on given.payment_key = payments.payment_id
    inner join documents as invoices
        on given.invoice_key = invoices.invoice_id and payments.currency = invoices.currency
    where given.credit_note_id is null and given.amount > 0
),

pieces as (
    select
        noted_lines.application_key as line_id,
        paying_lines.application_key as in_place_of,
        paying_lines.invoice_id,
        paying_lines.invoice_key,
        paying_lines.used_by_id,
        paying_lines.applied_on,
        {{ least_known('paying_lines.upto', 'noted_lines.upto + paying_lines.total - noted_lines.total') }}
        - {{ greatest_known(
            'paying_lines.upto - paying_lines.amount',
            'noted_lines.upto - noted_lines.amount + paying_lines.total - noted_lines.total'
        ) }} as amount
    from noted_lines
    inner join paying_lines on noted_lines.payment_key = paying_lines.payment_key
    where noted_lines.upto + paying_lines.total - noted_lines.total > paying_lines.upto - paying_lines.amount
        and noted_lines.upto - noted_lines.amount + paying_lines.total - noted_lines.total < paying_lines.upto
),

numbered as (
    select *, row_number() over (partition by line_id order by in_place_of) as piece_number from pieces
),

covered as (
    select in_place_of, sum(amount) as amount from pieces group by in_place_of
),

applications as (
    select
        given.* replace (
            given.amount - coalesce(covered.amount, 0) as amount,
            given.payment_amount - coalesce(covered.amount, 0) as payment_amount
        ),
        given.application_key as line_id,
        cast(null as varchar) as in_place_of,
        cast(null as varchar) as used_by_id
    from given
    left join covered on given.application_key = covered.in_place_of
    where coalesce(given.amount > covered.amount, true)
        and given.application_key not in (select line_id from pieces)
    union all
    select
        given.* replace (
            numbered.invoice_id as invoice_id,
            numbered.invoice_key as invoice_key,
            cast(null as varchar) as payment_id,
            cast(null as varchar) as payment_key,
            numbered.applied_on as applied_on,
            numbered.amount as amount,
            numbered.amount as payment_amount,
            given.application_key || case when numbered.piece_number > 1 then ':' || numbered.piece_number else '' end
                as application_key
        ),
        numbered.line_id,
        numbered.in_place_of,
        numbered.used_by_id
    from given
    inner join numbered on given.application_key = numbered.line_id
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
        -- Whoever names a payment tells of payments, be it one that is not there.
        case
            when applications.payment_id is not null and paying_systems._system is not null then 'payment'
            when applications.credit_note_key is not null then 'credit_note'
            else 'payment'
        end as origin_kind,
        case when applications.applied_on is null then 'linked_no_date' else 'explicit' end as allocation,
        case
            when applications.invoice_id is null then 'no_invoice'
            when invoices.invoice_id is null then 'unknown_invoice'
            when not invoices.is_receivable or invoices.is_void then 'invoice_not_a_receivable'
            when payments.payment_id is not null and not payments.is_settled then 'payment_not_received'
            when payments.payment_id is not null and not payments.is_received then 'payment_not_received'
            when applications.payment_id is not null
                and payments.payment_id is null
                and paying_systems._system is not null then 'unknown_payment'
            when applications.payment_id is null
                and applications.credit_note_id is null
                and paying_systems._system is not null then 'no_payment'
            when applications.credit_note_id is not null
                and payments.payment_id is null
                and credit_notes.invoice_id is null
                then case when noted.invoice_id is null then 'unknown_credit_note' else 'credit_note_not_issued' end
            when coalesce(applications.amount, applications.payment_amount) is null then 'no_amount'
        end as issue,
        coalesce(payments.amount, credit_notes.gross_amount) as origin_total,
        credit_notes.voided_on,
        applications.amount as given_amount,
        applications.payment_amount as given_origin_amount,
        invoices.document_kind = 'opening' as is_opening,
        applications.line_id,
        applications.in_place_of,
        applications.used_by_id,
        invoices.issued_on,
        invoices.due_on,
        -- Never before the invoice: money that came earlier is unapplied until there is something to pay. Nor before the
        -- money: what is applied on paper pays when it comes.
        {{ greatest_known(
            'coalesce(applications.applied_on, payments.received_on, credit_notes.issued_on, '
            ~ business_date('applications._known_at', 'run.business_timezone') ~ ')',
            'invoices.issued_on',
            'coalesce(payments.received_on, credit_notes.issued_on)'
        ) }} as event_date,
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
    left join documents as noted on applications.credit_note_key = noted.invoice_id
    left join paying_systems on applications._system = paying_systems._system
),

-- Between two currencies, the side that the export leaves out follows from the rates of the day.
converted as (
    select
        joined.*,
        joined.currency = joined.origin_currency as is_same_currency,
        invoice_rates.rate / nullif(origin_rates.rate, 0) as exchange
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

valued as (
    select
        * exclude (issue, given_amount, given_origin_amount, is_same_currency, exchange),
        case
            when issue is not null then issue
            when not is_same_currency and exchange is null and (given_amount is null or given_origin_amount is null)
                then 'no_rate'
            when event_date >= voided_on then 'credit_note_not_issued'
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
        ) as origin_amount
    from converted
),

-- In order of days, each application has what the ones before it left.
placed as (
    select
        *,
        coalesce(payment_id, credit_note_id) as origin_id,
        coalesce(payment_id, credit_note_id) is not null and issue is null and origin_total <> 0 as is_held_to_origin,
        coalesce(sum(origin_amount) filter (where issue is null) over (
            partition by origin_kind, coalesce(payment_id, credit_note_id)
            order by event_date, application_id
            rows between unbounded preceding and 1 preceding
        ), 0) as applied_before
    from valued
),

-- Money that also went back, or an application with a minus, is followed step by step.
followed as (
    select origin_kind, origin_id
    from placed
    where is_held_to_origin
    group by origin_kind, origin_id
    having min(origin_amount) < 0 or (origin_kind = 'payment' and origin_id in (select payment_id from taken_back))
),

steps as (
    select
        placed.origin_kind,
        placed.origin_id,
        placed.origin_total,
        placed.event_date as day,
        0 as turn,
        placed.application_id as event_id,
        'apply' as kind,
        placed.invoice_id,
        placed.origin_amount as amount,
        placed.amount as worth
    from placed
    semi join followed on placed.origin_kind = followed.origin_kind and placed.origin_id = followed.origin_id
    where placed.is_held_to_origin
    union all
    select
        'payment', payment_id, null, occurred_on, 1, adjustment_id, kind, invoice_id, origin_amount, invoice_amount
    from taken_back
    semi join followed on followed.origin_kind = 'payment' and taken_back.payment_id = followed.origin_id
),

laid_out as (
    select
        origin_kind,
        origin_id,
        max(origin_total) as origin_total,
        list({{ payment_step('event_id', 'kind', 'invoice_id', 'amount', 'worth') }} order by day, turn, event_id) as steps
    from steps
    group by origin_kind, origin_id
),

walked as (
    -- What the linter cannot read are lambdas.
    select origin_kind, unnest(({{ payment_walk('steps', 'origin_total') }}).paid) as piece from laid_out -- noqa: PRS
),

held as (
    select
        placed.*,
        case
            when walked.piece is not null then walked.piece.amount
            when placed.is_held_to_origin
                then least(placed.origin_amount, greatest(placed.origin_total - placed.applied_before, 0))
            else placed.origin_amount
        end as posted_origin_amount
    from placed
    left join walked on placed.origin_kind = walked.origin_kind and placed.application_id = walked.piece.event_id
),

posted as (
    select
        *,
        case
            when issue is null and posted_origin_amount = 0 and origin_amount > 0
                then case when origin_kind = 'credit_note' then 'exceeds_credit_note' else 'exceeds_payment' end
            else issue
        end as final_issue,
        case
            when issue is not null or posted_origin_amount in (origin_amount, 0) then amount
            else {{ money('amount * posted_origin_amount / origin_amount') }}
        end as posted_amount
    from held
),

applied as (
    select *, false as is_taken_back from posted
    union all
    select * replace (
        application_id || ':void' as application_id,
        -posted_amount as posted_amount,
        -posted_origin_amount as posted_origin_amount,
        voided_on as event_date
    ), true
    from posted
    where final_issue is null and voided_on is not null
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
        final_issue as issue,
        {{ money('posted_amount') }} as amount,
        {{ money('case when final_issue is null then posted_origin_amount else origin_amount end') }} as origin_amount,
        {{ money('case
            when final_issue is null and not is_taken_back then origin_amount - posted_origin_amount else 0
        end') }} as unposted_amount,
        is_taken_back,
        is_opening,
        line_id,
        in_place_of,
        used_by_id,
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
    from applied
)

select * from final
