{#- Money of one row. Sums widen a decimal to 38 digits, which is slow and gains nothing: an amount fits in 18. -#}
{% macro money(expression) -%}
cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

{#- What a billing row's currency is: a file without one takes the run's `default_currency`. -#}
{% macro currency_or_default(column='currency') -%}
coalesce(nullif({{ column }}, ''), (select default_currency from {{ source('raw', 'run') }}))
{%- endmacro %}

{#- A share, a number of days or another ratio of money: no money itself, so a double. A zero denominator is NULL. -#}
{% macro ratio(numerator, denominator) -%}
(cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0))
{%- endmacro %}

{#- The provenance columns of a fact, from one relation. -#}
{% macro provenance(relation) -%}
{{ relation }}._system,
    {{ relation }}._source,
    {{ relation }}._file,
    {{ relation }}._file_sha256,
    {{ relation }}._row
{%- endmacro %}
