{#- An account's segment for reports that add up by it; accounts without one share a row of their own. -#}
{% macro segment_or_unknown(segment) -%}
coalesce({{ segment }}, '(not known)')
{%- endmacro %}
