{#- Cash that was set against invoices and what took it back, as R12 to R14 weigh it: a payment that was taken back takes
    its weight back with it. `keys` are columns of fct_receivable_settlements to keep. Opening balances have no issue date. -#}
{% macro paid_events(keys) -%}
select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        event_date as day,
        -amount as amount,
        is_payment,
        case when is_opening then 0 else -amount end as dated_amount,
        {{ days_from('issued_on', 'settlement_date') }} as days_after_issue,
        {{ days_from('due_on', 'settlement_date') }} as days_after_due
    from {{ ref('fct_receivable_settlements') }}
{%- endmacro %}

{#- The sums over `paid_events` that R12 to R14 are made of. -#}
{% macro paid_sums() -%}
sum(amount) as paid_amount,
        sum(dated_amount) as paid_dated_amount,
        sum(dated_amount * days_after_issue) as paid_issue_days,
        sum(amount * {{ greatest_known('days_after_due', '0') }}) as paid_late_days,
        sum(amount * days_after_due) as paid_delay_days,
        sum(
            case when days_after_due <= {{ parameter('on_time_grace_days') }} then amount else 0 end
        ) as paid_on_time_amount,
        count(*) filter (where is_payment) as payments,
        count(*) filter (
            where is_payment and days_after_due <= {{ parameter('on_time_grace_days') }}
        ) as payments_on_time
{%- endmacro %}

{#- R12: days past due, weighted by amount, of what was paid and of what is overdue. -#}
{% macro average_days_past_due(paid_days, overdue_days, paid_amount, overdue_amount) -%}
{{ ratio(paid_days ~ ' + ' ~ overdue_days, paid_amount ~ ' + ' ~ overdue_amount) }}
{%- endmacro %}
