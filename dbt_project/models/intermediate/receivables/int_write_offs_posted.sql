-- Grain: one row per write-off and what it gives up of an invoice; and one (`issue`) for what of it gives up nothing.
-- A write-off takes at most what is open at the end of its day. Who gives a debt up knows that it was open: money that was only
-- assumed to have paid it is free again, and lowers nothing here. The rest changes nothing and says so (exceeds_open).
with ruled as (
    select * from {{ ref('int_adjustments_resolved') }} where adjustment_kind = 'write_off'
),

documents as (
    select invoice_id, customer_id, account_id, currency, document_kind, gross_amount, issued_on, due_on
    from {{ ref('int_billing_documents') }}
    where is_receivable
),

write_offs as (
    select
        ruled.adjustment_id,
        ruled.invoice_id,
        ruled.amount,
        greatest(ruled.occurred_on, documents.issued_on) as event_date
    from ruled
    inner join documents on ruled.invoice_id = documents.invoice_id
    where ruled.issue is null
),

-- What is certain of the invoices that are written off.
changes as (
    select invoice_id, issued_on as changed_on, gross_amount as amount from documents
    union all
    select invoice_id, event_date, -amount from {{ ref('int_applications_linked') }} where issue is null
    union all
    select invoice_id, event_date, -amount
    from {{ ref('int_applications_assumed') }}
    where payment_id is null and credit_note_id is null
    union all
    select invoice_id, event_date, amount
    from {{ ref('int_money_returned') }}
    where target = 'invoice' and not is_assumed
),

owed as (
    select write_offs.adjustment_id, sum(changes.amount) as amount
    from write_offs
    inner join changes on write_offs.invoice_id = changes.invoice_id and changes.changed_on <= write_offs.event_date
    group by write_offs.adjustment_id
),

-- What is given up of an invoice so far: each write-off takes of what the ones before it left.
summed as (
    select
        write_offs.adjustment_id,
        write_offs.amount,
        -- What the linter cannot read is a lambda.
        list_reduce( -- noqa: PRS
            list(struct_pack(given_up := {{ money('write_offs.amount') }}, owed := {{ money('owed.amount') }})) over (
                partition by write_offs.invoice_id
                order by write_offs.event_date, write_offs.adjustment_id
                rows between unbounded preceding and current row
            ),
            lambda so_far, next: struct_pack(
                given_up := {{ money(
                    'so_far.given_up + greatest(least(next.given_up, next.owed - so_far.given_up), 0)'
                ) }},
                owed := next.owed
            ),
            struct_pack(given_up := {{ money('0') }}, owed := {{ money('0') }})
        ).given_up as given_up,
        row_number() over (
            partition by write_offs.invoice_id order by write_offs.event_date, write_offs.adjustment_id
        ) as place,
        write_offs.invoice_id
    from write_offs
    inner join owed on write_offs.adjustment_id = owed.adjustment_id
),

given_up as (
    select
        adjustment_id,
        amount,
        given_up - coalesce(lag(given_up) over (partition by invoice_id order by place), 0) as posted_amount
    from summed
),

postings as (
    select adjustment_id, 'invoice' as target, posted_amount as amount, cast(null as varchar(1)) as issue
    from given_up
    where posted_amount > 0
    union all
    select adjustment_id, 'nothing', amount - posted_amount, 'exceeds_open' from given_up where amount > posted_amount
    union all
    select adjustment_id, 'nothing', amount, issue from ruled where issue is not null
),

final as (
    select
        ruled.adjustment_id,
        row_number() over (partition by ruled.adjustment_id order by postings.target) as posting_number,
        postings.target,
        case when postings.target = 'invoice' then ruled.invoice_id end as invoice_id,
        ruled.credit_note_id,
        ruled.payment_id,
        coalesce(documents.customer_id, ruled.origin_customer_id, ruled.customer_id) as customer_id,
        coalesce(documents.account_id, ruled.origin_account_id, ruled.account_id) as account_id,
        coalesce(ruled.origin_customer_id, ruled.customer_id) as payer_customer_id,
        coalesce(ruled.origin_account_id, ruled.account_id) as payer_account_id,
        ruled.adjustment_kind,
        coalesce(documents.currency, ruled.currency) as currency,
        postings.issue,
        {{ money('postings.amount') }} as amount,
        {{ money('0') }} as cash_amount,
        ruled.currency as cash_currency,
        documents.document_kind = 'opening' as is_opening,
        false as is_assumed,
        {{ greatest_known('ruled.occurred_on', 'documents.issued_on') }} as event_date,
        {{ greatest_known('ruled.occurred_on', 'documents.issued_on') }} as settlement_date,
        ruled.occurred_on,
        documents.issued_on,
        documents.due_on,
        {{ provenance('ruled') }},
        ruled._known_at
    from postings
    inner join ruled on postings.adjustment_id = ruled.adjustment_id
    left join documents on ruled.invoice_id = documents.invoice_id
)

select * from final
