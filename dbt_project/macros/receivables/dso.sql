{#- Days sales outstanding (R7, R9): an amount of receivables over the window's sales, times the window's days. Where
    the window sold nothing, or took back more than it sold, there is none. -#}
{% macro dso(receivables) -%}
(case
            when measured.sales_in_window > 0
                then {{ ratio(receivables, 'measured.sales_in_window') }} * measured.window_days
        end)
{%- endmacro %}
