{#- Points of a component of the worklist's score, with one decimal: a share from 0 to 1 times its weight. -#}
{% macro points(expression) -%}
cast({{ expression }} as decimal(9, 1))
{%- endmacro %}
