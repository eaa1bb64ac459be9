-- Grain: one row per credit note that was used up, in full or in part, without an application that says where.
-- Its export says when it was settled, or what is left of it. The invoices that it lowered then look paid by as much,
-- which fct_payments takes back: a credit note is no cash. What the walk of its customer's money used it for is known.
with run as (
    select * from {{ ref('int_run_dated') }}
),

credit_notes as (
    select * from {{ ref('int_billing_documents') }} where is_credit and not is_void
),

applied as (
    select distinct credit_note_id from {{ ref('int_applications_linked') }} where issue is null
),

walked as (
    select distinct origin_id from {{ ref('int_allocation_steps') }} where origin_id is not null
),

explicit_customers as (
    select * from {{ ref('int_customers_applied') }}
),

moves as (
    select credit_note_id, sum(amount) as amount, max(event_date) as event_date
    from {{ ref('int_allocation_moves') }}
    where credit_note_id is not null and invoice_id is null and adjustment_id is null
    group by credit_note_id
    having sum(amount) > 0
),

known as (
    select
        credit_notes.*,
        {{ day_seen('credit_notes.reported_balance_known_at') }} as known_on,
        explicit_customers.customer_id is null and credit_notes.settled_on is null as is_balance_only
    from credit_notes
    cross join run
    left join applied on credit_notes.invoice_id = applied.credit_note_id
    left join walked on 'credit_note:' || credit_notes.invoice_id = walked.origin_id
    left join explicit_customers
        on credit_notes.customer_id = explicit_customers.customer_id
        and credit_notes.currency = explicit_customers.currency
    where applied.credit_note_id is null and walked.origin_id is null
),

reported_uses as (
    select
        invoice_id as credit_note_id,
        case when is_balance_only then 'balance_only' else 'settled_date' end as allocation,
        gross_amount - case when is_balance_only then reported_balance else 0 end as amount,
        {{ greatest_or_unknown('issued_on', 'case when is_balance_only then known_on else settled_on end') }} as event_date
    from known
    where settled_on is not null or (is_balance_only and reported_balance < gross_amount)
    union all
    select
        moves.credit_note_id,
        case when credit_notes.settled_on is null then 'balance_only' else 'settled_date' end,
        moves.amount,
        moves.event_date
    from moves
    inner join credit_notes on moves.credit_note_id = credit_notes.invoice_id
)

select
    reported_uses.credit_note_id,
    credit_notes.customer_id,
    credit_notes.account_id,
    credit_notes.currency,
    reported_uses.allocation,
    {{ money('reported_uses.amount') }} as amount,
    reported_uses.event_date,
    {{ provenance('credit_notes') }},
    credit_notes._known_at
from reported_uses
inner join credit_notes on reported_uses.credit_note_id = credit_notes.invoice_id
