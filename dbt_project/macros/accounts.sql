{#- An account's state from the days since its last sign of life (an invoice, a won deal, a two-way contact) and the
    median gap between its invoices, when it has one (V9). NULL when it never gave a sign: a prospect is not lost. -#}
{% macro account_status(days_quiet, invoice_gap_days) -%}
case
        when {{ days_quiet }} is null then null
        when {{ days_quiet }} > greatest(
            {{ parameter('lost_after_days') }},
            coalesce({{ parameter('lost_gap_factor') }} * {{ invoice_gap_days }}, 0)
        ) then 'lost'
        when {{ days_quiet }} > greatest(
            {{ parameter('paused_after_days') }},
            coalesce({{ parameter('paused_gap_factor') }} * {{ invoice_gap_days }}, 0)
        ) then 'paused'
        else 'active'
    end
{%- endmacro %}
