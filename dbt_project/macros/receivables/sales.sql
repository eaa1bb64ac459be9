{#- What a document counts for in sales: credit notes against, and drafts, void documents, requests for prepayment and
    opening balances not at all. -#}
{% macro sales_sign() -%}
case
        when not is_issued or is_void or document_kind in ('prepayment', 'opening') then 0
        when document_kind = 'credit_note' then -1
        else 1
    end
{%- endmacro %}
