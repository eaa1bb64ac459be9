-- Grain: one row per invoice line.
with lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
),

documents as (
    select * from {{ ref('int_billing_documents') }}
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
