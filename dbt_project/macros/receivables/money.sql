{#- Money of one row. Sums widen a decimal to 38 digits, which is slow and gains nothing: an amount fits in 18. -#}
{% macro money(expression) -%}
cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

{#- A total in base currency: of what has a rate, and unknown where nothing of it has: 400 open in dollars without a rate is
    not 0. `unknown` is how many of its amounts have no base amount. -#}
{% macro known_amount(total, unknown) -%}
case when {{ total }} <> 0 or coalesce({{ unknown }}, 0) = 0 then coalesce({{ total }}, 0) end
{%- endmacro %}

{#- The same of totals added up over rows, each with its own `unknown`, of those for which the condition `among` holds. -#}
{% macro known_total(total, unknown, among='true') -%}
{{ known_amount('sum(' ~ total ~ ') filter (where ' ~ among ~ ')', 'sum(' ~ unknown ~ ') filter (where ' ~ among ~ ')') }}
{%- endmacro %}

{#- The same of single amounts, added up over the rows for which the condition `among` holds. -#}
{% macro known_sum(amount_base, amount, among='true') -%}
coalesce(
            sum({{ amount_base }}) filter (where {{ amount_base }} <> 0 and {{ among }}),
            case
                when count(*) filter (
                    where coalesce({{ amount }} <> 0, false) and {{ amount_base }} is null and {{ among }}
                ) = 0 then 0
            end
        )
{%- endmacro %}

{#- What a billing row's currency is: a file without one takes the run's `default_currency`. -#}
{% macro currency_or_default(column='currency') -%}
coalesce(nullif({{ column }}, ''), (select default_currency from {{ source('raw', 'settings') }}))
{%- endmacro %}

{#- A share, a number of days or another ratio of money: no money itself, so a double. A zero denominator is NULL. -#}
{% macro ratio(numerator, denominator) -%}
(cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0))
{%- endmacro %}

{#- Which way an estimate points, by its interval against `nothing`, the value that says nothing; `too_few` where `unknown` holds. -#}
{% macro reading(unknown, low, high, nothing, more, less) -%}
case
        when {{ unknown }} then 'too_few'
        when {{ low }} > {{ nothing }} then '{{ more }}'
        when {{ high }} < {{ nothing }} then '{{ less }}'
        else 'not_told_apart'
    end
{%- endmacro %}

{#- The provenance columns of a fact: of `relation`, or of the only one that the select reads. -#}
{% macro provenance(relation=none) -%}
{%- set prefix = relation ~ '.' if relation else '' -%}
{{ prefix }}_system,
        {{ prefix }}_source,
        {{ prefix }}_file,
        {{ prefix }}_file_sha256,
        {{ prefix }}_row
{%- endmacro %}
