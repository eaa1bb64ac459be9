{#- The ways in which an invoice's payments are found, the most certain first. -#}
{% macro allocations() %}
{{ return(['explicit', 'linked_no_date', 'settled_date', 'fifo_assumed', 'balance_only']) }}
{% endmacro %}

{#- Whether the day of a payment is known: a balance tells that it was paid by its day, and so does an application that gives
    neither a day nor a payment. -#}
{% macro is_payment_dated(allocation, payment_id) -%}
not ({{ allocation }} = 'balance_only' or ({{ allocation }} = 'linked_no_date' and {{ payment_id }} is null))
{%- endmacro %}

{#- The day of the last payment, as an aggregate over payments: unknown where one of which nobody knows the day may be later. -#}
{% macro last_payment_day(day, is_dated, among) -%}
case
            when max({{ day }}) filter (where {{ among }} and {{ is_dated }}) = max({{ day }}) filter (where {{ among }})
                then max({{ day }}) filter (where {{ among }})
        end
{%- endmacro %}

{#- The place of a way among them, and the way at a place. -#}
{% macro certainty_place(allocation) -%}
case {{ allocation }}
    {%- for way in allocations() %} when '{{ way }}' then {{ loop.index }}{% endfor %} end
{%- endmacro %}

{% macro certainty_name(place) -%}
case {{ place }}
    {%- for way in allocations() %} when {{ loop.index }} then '{{ way }}'{% endfor %} end
{%- endmacro %}
