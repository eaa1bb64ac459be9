{#- The parts in which invoices are to be paid, in the order of their due dates: a query on `documents`, a relation with
    invoice_id and due_on. One without a day of its own is due on the invoice's. later_amount is what is due after it. -#}
{% macro instalments_of(documents) -%}
select
        invoice_id,
        instalment_number,
        due_on,
        amount,
        sum(amount) over (partition by invoice_id)
        - sum(amount) over (partition by invoice_id order by due_on, instalment_number) as later_amount,
        row_number() over (partition by invoice_id order by due_on, instalment_number) = 1 as is_first
    from (
        select
            {{ global_id('parts._system', 'parts.invoice_id') }} as invoice_id,
            parts.number as instalment_number,
            coalesce(parts.due_on, documents.due_on) as due_on,
            parts.amount
        from {{ ref('stg_billing__instalments') }} as parts
        left join {{ documents }} as documents
            on {{ global_id('parts._system', 'parts.invoice_id') }} = documents.invoice_id
        where parts.amount > 0
    )
{%- endmacro %}
