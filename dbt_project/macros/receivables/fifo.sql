{#- The order in which a customer's money is taken to have paid, where the export doesn't say. -#}
{% macro fifo_order() -%}
case when settled_on is null then 1 else 0 end, settled_on, due_on, issued_on, invoice_id
{%- endmacro %}
