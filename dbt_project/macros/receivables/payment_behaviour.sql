{#- Cash that was set against invoices and what took it back, as R12 to R14 weigh it: a row counts in the windows that hold the
    day of its payment (`counted_on`), from `known_on` on. So what is taken back takes away what its own payment gave, in the
    windows of that payment and in no other. What nobody knows when it was due is neither late nor on time. `keys` are columns of fct_receivable_settlements to keep. Opening balances have no
    issue date. -#}
{% macro paid_events(keys) -%}
select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        counted_on,
        event_date as known_on,
        -amount as amount,
        is_payment,
        is_dated,
        case when is_opening then 0 else -amount end as dated_amount,
        {{ days_from('issued_on', 'settlement_date') }} as days_after_issue,
        {{ days_from('due_on', 'settlement_date') }} as days_after_due
    from {{ ref('fct_receivable_settlements') }}
    where due_on is not null
{%- endmacro %}

{#- The sums over `paid_events` that R12 to R14 are made of, by name. -#}
{% macro paid_measures() %}
{{ return({
    'paid_amount': 'sum(amount)',
    'paid_dated_amount': 'sum(dated_amount)',
    'paid_issue_days': 'sum(dated_amount * days_after_issue)',
    'paid_late_days': 'sum(amount * ' ~ greatest_known('days_after_due', '0') ~ ')',
    'paid_delay_days': 'sum(amount * days_after_due)',
    'paid_on_time_amount':
        'coalesce(sum(amount) filter (where days_after_due <= ' ~ parameter('on_time_grace_days') ~ '), 0)',
    'payments': 'count(*) filter (where is_payment)',
    'payments_on_time':
        'count(*) filter (where is_payment and days_after_due <= ' ~ parameter('on_time_grace_days') ~ ')',
    'undated_payments': 'count(*) filter (where is_payment and not is_dated)',
}) }}
{% endmacro %}

{% macro paid_sums() -%}
{%- for name, sum in paid_measures().items() %}
        {{ sum }} as {{ name }}{{ ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}

{#- R12: days past due, weighted by amount, of what was paid and of what is overdue. -#}
{% macro average_days_past_due(paid_days, overdue_days, paid_amount, overdue_amount) -%}
{{ ratio(paid_days ~ ' + ' ~ overdue_days, paid_amount ~ ' + ' ~ overdue_amount) }}
{%- endmacro %}

{#- The steps that sum up the cash of the windows that end on the days of `periods` (currency, `*` for all in base currency):
    `window_paid`, as it was known on that day, and `undated_of_cohorts`, how many of the invoices of the window were paid on a
    day that nobody knows. `days` has the rate of each currency and day. -#}
{% macro paid_in_windows() -%}
paid as (
    {{ paid_events(['currency']) }}
),

paid_of_days as (
    select
        currency,
        counted_on,
        known_on,
        {{ paid_sums() }}
    from paid
    group by currency, counted_on, known_on
),

{% set counts = ['payments', 'payments_on_time', 'undated_payments'] %}
paid_of_series as (
    select
        currency,
        counted_on,
        known_on,
        {%- for name in paid_measures() %}
        {% if name in counts %}{{ name }}{% else %}cast({{ name }} as decimal(38, 4)) as {{ name }}{% endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from paid_of_days
    union all
    -- What was taken back is worth what it was when it was paid.
    select
        '*',
        paid_of_days.counted_on,
        paid_of_days.known_on,
        {%- for name in paid_measures() %}
        {% if name in counts %}paid_of_days.{{ name }}
        {%- else %}cast(cast(paid_of_days.{{ name }} as decimal(24, 4)) * days.rate as decimal(38, 4)){% endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from paid_of_days
    inner join days on paid_of_days.currency = days.currency and paid_of_days.counted_on = days.day
),

window_paid as (
    select
        periods.currency,
        periods.day,
        {%- for name in paid_measures() %}
        coalesce(sum(paid.{{ name }}), 0) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from periods
    left join paid_of_series as paid
        on periods.currency = paid.currency
        and paid.counted_on > periods.day_before_window
        and paid.counted_on <= periods.day
        and paid.known_on <= periods.day
    group by periods.currency, periods.day
),

undated_of_cohorts as (
    select periods.currency, periods.day, count(*) as undated_payments
    from periods
    inner join {{ ref('fct_receivable_settlements') }} as settlements
        on periods.currency in (settlements.currency, '*')
        and settlements.issued_on > periods.day_before_window
        and settlements.issued_on <= periods.day
        and settlements.counted_on <= periods.day
    where settlements.is_payment and not settlements.is_dated and not settlements.is_opening
    group by periods.currency, periods.day
),
{%- endmacro %}
