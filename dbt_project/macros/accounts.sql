{#- An account's state from the days since its last sign of life (an invoice, a won deal, a two-way contact) and the
    median gap between its invoices, when it has one (V9). NULL when it never gave a sign: a prospect is not lost. -#}
{% macro account_status(days_quiet, invoice_gap_days) -%}
case
        when {{ days_quiet }} is null then null
        when {{ days_quiet }} > {{ greatest_known(
            parameter('lost_after_days'),
            'coalesce(' ~ parameter('lost_gap_factor') ~ ' * ' ~ invoice_gap_days ~ ', 0)'
        ) }} then 'lost'
        when {{ days_quiet }} > {{ greatest_known(
            parameter('paused_after_days'),
            'coalesce(' ~ parameter('paused_gap_factor') ~ ' * ' ~ invoice_gap_days ~ ', 0)'
        ) }} then 'paused'
        else 'active'
    end
{%- endmacro %}

{#- What an account's month is measured by: column -> type. Every source of fct_account_months gives all of them, so
    that one pass adds them up; what a source does not measure is NULL there. `unknown_` and an amount's name is how many
    of its parts have no base amount. -#}
{% macro account_measures() %}
{{ return({
    'net_revenue': 'decimal(18, 4)',
    'collected': 'decimal(18, 4)',
    'open_amount_end': 'decimal(18, 4)',
    'overdue_amount_end': 'decimal(18, 4)',
    'won_deals': 'bigint',
    'won_amount': 'decimal(18, 4)',
    'two_way_contacts': 'bigint',
    'contact_days': 'bigint',
    'call_contacts': 'bigint',
    'email_contacts': 'bigint',
    'meeting_contacts': 'bigint',
    'inbound_calls': 'bigint',
    'outbound_calls': 'bigint',
    'cost': 'decimal(18, 4)',
    'representation_cost': 'decimal(18, 4)',
    'budget': 'decimal(18, 4)',
    'referrals': 'bigint',
    'product_uses': 'decimal(18, 4)',
    'listed_net': 'decimal(18, 4)',
    'list_amount': 'decimal(18, 4)',
    'unknown_net_revenue': 'bigint',
    'unknown_collected': 'bigint',
    'unknown_open_amount_end': 'bigint',
    'unknown_overdue_amount_end': 'bigint',
    'unknown_won_amount': 'bigint',
    'unknown_cost': 'bigint',
    'unknown_budget': 'bigint',
    'missing_amount_count': 'bigint',
    'missing_rate_count': 'bigint',
}) }}
{% endmacro %}

{#- The measures' columns of one source: `given` maps a measure to its expression. -#}
{% macro measured(given) -%}
{%- for measure, type in account_measures().items() %}
        cast({{ given.get(measure, 'null') }} as {{ type }}) as {{ measure }},
{%- endfor %}
{%- endmacro %}
