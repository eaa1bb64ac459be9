-- Grain: one row per application that no export holds but the data imply, by the rule in `allocation`.
-- settled_date: the export says only when the invoice was settled. fifo_assumed: the system has payments and not one
-- application, so that a customer's money pays the invoices in order of their due dates. balance_only: the system has
-- neither, but says what is still open. Nothing here touches an invoice that has applications of its own.
with run as (
    select * from {{ ref('int_run_dated') }}
),

asked as (
    select as_of_date as asked_date from {{ source('raw', 'run') }}
),

documents as (
    select * from {{ ref('int_billing_documents') }}
),

payments as (
    select * from {{ ref('int_billing_payments') }} where is_received
),

adjustments as (
    select
        *,
        {{ global_id('_system', 'invoice_id') }} as invoice_key,
        {{ global_id('_system', 'payment_id') }} as payment_key
    from {{ ref('stg_billing__adjustments') }}
),

applied as (
    select distinct invoice_id from {{ ref('int_applications_linked') }} where issue is null
),

systems as (
    select _system, max(has_payments) as has_payments, max(has_applications) as has_applications
    from (
        select distinct _system, 1 as has_payments, 0 as has_applications from {{ ref('stg_billing__payments') }}
        union all
        select distinct _system, 0, 1 from {{ ref('stg_billing__applications') }}
    ) as seen
    group by _system
),

-- What else than cash changes an invoice: what is written off is not paid.
adjusted as (
    select
        invoice_key as invoice_id,
        adjustment_kind,
        occurred_on,
        case when adjustment_kind = 'write_off' then -abs(amount) else abs(amount) end as amount
    from adjustments
    where invoice_id is not null and amount is not null
),

candidates as (
    select
        documents.*,
        coalesce(systems.has_payments, 0) = 1 and coalesce(systems.has_applications, 0) = 0 as is_fifo,
        coalesce(systems.has_payments, 0) = 0 and coalesce(systems.has_applications, 0) = 0 as is_balance_only
    from documents
    left join systems on documents._system = systems._system
    left join applied on documents.invoice_id = applied.invoice_id
    where documents.is_receivable
        and not documents.is_void
        and documents.gross_amount > 0
        and applied.invoice_id is null
        and (documents.settled_on is not null or documents.reported_balance is not null or systems.has_applications = 0)
),

claimed as (
    select
        candidates.invoice_id,
        {{ money("candidates.gross_amount + coalesce(sum(adjusted.amount) filter (
            where case
                when candidates.settled_on is not null then adjusted.occurred_on <= candidates.settled_on
                else adjusted.adjustment_kind = 'write_off'
            end
        ), 0)") }} as claim
    from candidates
    left join adjusted on candidates.invoice_id = adjusted.invoice_id
    group by candidates.invoice_id, candidates.gross_amount
),

claims as (
    select candidates.*, claimed.claim
    from candidates
    inner join claimed on candidates.invoice_id = claimed.invoice_id
    where claimed.claim > 0
),

-- FIFO. Two rulers lie side by side for a customer and currency: what is claimed, in order of due dates, and what was
-- received, in order of receipt. Each segment between two marks belongs to one invoice and one payment. Invoices that
-- the export calls settled come first: their money is among what was received. Nobody's money pays for nobody.
queue as (
    select
        invoice_id,
        customer_id,
        currency,
        row_number() over (partition by customer_id, currency order by {{ fifo_order() }}) as position,
        {{ money('sum(claim) over (partition by customer_id, currency order by ' ~ fifo_order() ~ ')') }} as mark
    from claims
    where is_fifo and customer_id <> {{ global_id('_system', "''") }}
),

given_back as (
    select payment_key as payment_id, sum(abs(amount)) as amount
    from adjustments
    where invoice_id is null and payment_id is not null and adjustment_kind = 'refund'
    group by payment_key
),

pool as (
    select
        payments.payment_id,
        payments.customer_id,
        payments.currency,
        row_number() over (
            partition by payments.customer_id, payments.currency order by payments.received_on, payments.payment_id
        ) as position,
        -- What was paid back later, in negative payments, shortens the ruler at its end.
        {{ money('least(
            sum(greatest(payments.amount - coalesce(given_back.amount, 0), 0)) over (
                partition by payments.customer_id, payments.currency order by payments.received_on, payments.payment_id
            ),
            greatest(sum(payments.amount - coalesce(given_back.amount, 0)) over (
                partition by payments.customer_id, payments.currency
            ), 0)
        )') }} as mark
    from payments
    inner join systems on payments._system = systems._system and systems.has_applications = 0
    left join given_back on payments.payment_id = given_back.payment_id
    where payments.has_customer
),

marks as (
    select
        customer_id,
        currency,
        mark,
        position as place,
        position as queue_position,
        cast(null as bigint) as pool_position
    from queue
    union all
    select customer_id, currency, mark, -position, cast(null as bigint), position from pool
),

segments as (
    select
        customer_id,
        currency,
        {{ money(
            'mark - coalesce(lag(mark) over (partition by customer_id, currency order by mark, place), 0)'
        ) }} as amount,
        min(queue_position) over (
            partition by customer_id, currency order by mark, place rows between current row and unbounded following
        ) as queue_position,
        min(pool_position) over (
            partition by customer_id, currency order by mark, place rows between current row and unbounded following
        ) as pool_position
    from marks
),

matched as (
    select queue.invoice_id, pool.payment_id, segments.amount
    from segments
    inner join queue
        on segments.customer_id = queue.customer_id
        and segments.currency = queue.currency
        and segments.queue_position = queue.position
    inner join pool
        on segments.customer_id = pool.customer_id
        and segments.currency = pool.currency
        and segments.pool_position = pool.position
    where segments.amount > 0
),

covered as (
    select invoice_id, sum(amount) as amount from matched group by invoice_id
),

fifo as (
    select
        matched.invoice_id,
        matched.payment_id,
        matched.amount,
        case when claims.settled_on is null then 'fifo_assumed' else 'settled_date' end as allocation,
        coalesce(claims.settled_on, payments.received_on) as applied_on,
        payments.received_on,
        payments._source,
        payments._file,
        payments._file_sha256,
        payments._row,
        payments._known_at
    from matched
    inner join claims on matched.invoice_id = claims.invoice_id
    inner join payments on matched.payment_id = payments.payment_id
),

settled as (
    select
        claims.invoice_id,
        cast(null as varchar(1)) as payment_id,
        claims.claim - coalesce(covered.amount, 0) as amount,
        'settled_date' as allocation,
        claims.settled_on as applied_on,
        cast(null as date) as received_on,
        claims._source,
        claims._file,
        claims._file_sha256,
        claims._row,
        claims._known_at
    from claims
    left join covered on claims.invoice_id = covered.invoice_id
    where claims.settled_on is not null and claims.claim > coalesce(covered.amount, 0)
),

-- An export tells its balances of the moment it was made. Where no as-of date is asked, that moment is not later than
-- the newest event: otherwise every invoice would stand open in full on the last day there is.
balances as (
    select
        claims.invoice_id,
        cast(null as varchar(1)) as payment_id,
        claims.claim - claims.reported_balance as amount,
        'balance_only' as allocation,
        case
            when asked.asked_date is null
                then least(
                    {{ business_date('claims._known_at', 'run.business_timezone') }}, run.as_of_date
                )
            else {{ business_date('claims._known_at', 'run.business_timezone') }}
        end as applied_on,
        cast(null as date) as received_on,
        claims._source,
        claims._file,
        claims._file_sha256,
        claims._row,
        claims._known_at
    from claims
    cross join run
    cross join asked
    where claims.is_balance_only
        and claims.settled_on is null
        and claims.reported_balance is not null
        and claims.claim > claims.reported_balance
),

assumed as (
    select * from fifo
    union all
    select * from settled
    union all
    select * from balances
),

final as (
    select
        assumed.invoice_id || ':' || coalesce(assumed.payment_id, assumed.allocation) as application_id,
        assumed.invoice_id,
        assumed.payment_id,
        claims.customer_id,
        claims.account_id,
        claims.currency,
        assumed.allocation,
        {{ money('assumed.amount') }} as amount,
        claims.document_kind = 'opening' as is_opening,
        greatest(assumed.applied_on, claims.issued_on) as event_date,
        assumed.received_on,
        claims.issued_on,
        claims.due_on,
        claims._system,
        assumed._source,
        assumed._file,
        assumed._file_sha256,
        assumed._row,
        assumed._known_at
    from assumed
    inner join claims on assumed.invoice_id = claims.invoice_id
)

select * from final
