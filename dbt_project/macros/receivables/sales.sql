{#- What a document counts for in sales: credit notes against, and drafts, void documents, requests for prepayment and
    opening balances not at all. -#}
{% macro sales_sign() -%}
case
        when not is_issued or is_void or document_kind in ('prepayment', 'opening') then 0
        when document_kind = 'credit_note' then -1
        else 1
    end
{%- endmacro %}

{#- The documents that bill a deal: which their export names, and what is no draft and not void. -#}
{% macro documents_of_deals() -%}
select invoices.*
    from {{ ref('fct_invoices') }} as invoices
    where invoices.deal_id is not null
        and not invoices.is_draft and not invoices.is_void
        and invoices.document_kind in ('invoice', 'debit_note', 'credit_note')
        and invoices.issued_on is not null
{%- endmacro %}
