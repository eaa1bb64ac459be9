{#- The ways in which an invoice's payments are found, the most certain first. -#}
{% macro allocations() %}
{{ return(['explicit', 'linked_no_date', 'settled_date', 'fifo_assumed', 'balance_only']) }}
{% endmacro %}

{#- The place of a way among them, and the way at a place. -#}
{% macro certainty_place(allocation) -%}
case {{ allocation }}
    {%- for way in allocations() %} when '{{ way }}' then {{ loop.index }}{% endfor %} end
{%- endmacro %}

{% macro certainty_name(place) -%}
case {{ place }}
    {%- for way in allocations() %} when {{ loop.index }} then '{{ way }}'{% endfor %} end
{%- endmacro %}
