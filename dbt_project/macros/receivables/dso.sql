{#- Days sales outstanding (R7, R9): an amount of receivables over the window's sales, times the window's days. Where
    the window sold nothing, or took back more than it sold, there is none; it is unknown where the history is shorter than
    the window, or a part has no rate. -#}
{% macro dso(receivables) -%}
(case
            when measured.sales_in_window > 0 and measured.has_window
                and measured.unrated_sales_in_window + measured.unrated_stock = 0
                then {{ ratio(receivables, 'measured.sales_in_window') }} * measured.window_days
        end)
{%- endmacro %}
