-- Grain: one row per invoice line. A credit note's lines are positive, as its header is, also where the export writes them
-- with a minus: `sales_sign` alone says that they take away.
with staged as (
    select * from {{ ref('stg_billing__invoice_lines') }}
),

documents as (
    select * from {{ ref('int_billing_documents') }}
),

written as (
    select
        staged.*,
        case
            when documents.document_kind = 'credit_note'
                and sum(staged.net_amount) over (partition by staged._system, staged.invoice_id) < 0
                then -1
            else 1
        end as written_sign
    from staged
    left join documents on {{ global_id('staged._system', 'staged.invoice_id') }} = documents.invoice_id
),

lines as (
    select
        * replace (
            quantity * written_sign as quantity,
            cast(net_amount * written_sign as decimal(18, 4)) as net_amount,
            cast(tax_amount * written_sign as decimal(18, 4)) as tax_amount
        )
    from written
),

final as (
    select
        {{ global_id('lines._system', 'lines.line_id') }} as line_id,
        {{ global_id('lines._system', 'lines.invoice_id') }} as invoice_id,
        documents.account_id,
        {{ global_id('lines._system', 'lines.product_id') }} as product_id,
        lines.description,
        documents.document_kind,
        documents.currency,
        lines.quantity,
        lines.unit_price,
        lines.net_amount,
        lines.tax_amount,
        {{ money('lines.net_amount * documents.rate') }} as net_amount_base,
        {{ sales_sign() }} as sales_sign,
        documents.issued_on,
        {{ provenance('lines') }}
    from lines
    left join documents on {{ global_id('lines._system', 'lines.invoice_id') }} = documents.invoice_id
)

select * from final
