{#- The steps that sum up how long invoices were open, by currency, day of issue and month (R11): `cohort_events`, from the
    steps `events`, `intervals` and `run` of the model that asks. -#}
{% macro days_open_by_cohort() -%}
-- R11. An invoice's parts, each times the days it was open, are what enters and leaves its open amount, each times the
-- days since: a payment stops its part's days, and what is applied beyond the invoice is no part of it. So days open are
-- summed without matching parts to payments. An invoice made void was never one: with it go the days that it was open.
invoiced as (
    select
        invoice_id,
        currency,
        min(issued_on) as issued_on,
        max(amount) as amount,
        min(event_date) filter (where amount < 0) as voided_on
    from events
    where event_type in ('invoice', 'debit_note') and not is_opening
    group by invoice_id, currency
    having max(amount) > 0
),

cohort_changes as (
    select currency, issued_on, issued_on as changed_on, 0 as amount, 0 as amount_days, amount as invoiced from invoiced
    union all
    select currency, issued_on, voided_on, 0, 0, -amount from invoiced where voided_on is not null
    union all
    select
        invoiced.currency,
        invoiced.issued_on,
        intervals.valid_from,
        intervals.open_amount,
        intervals.open_amount * {{ day_number('intervals.valid_from') }},
        0
    from invoiced
    inner join intervals on invoiced.invoice_id = intervals.invoice_id
    union all
    select
        invoiced.currency,
        invoiced.issued_on,
        intervals.valid_to,
        -intervals.open_amount,
        -intervals.open_amount * {{ day_number(
            'case when intervals.valid_to = invoiced.voided_on then intervals.valid_from else intervals.valid_to end'
        ) }},
        0
    from invoiced
    inner join intervals on invoiced.invoice_id = intervals.invoice_id
),

-- Days that were over before the document was made void go with it too.
void_changes as (
    select
        invoiced.currency,
        invoiced.issued_on,
        invoiced.voided_on as changed_on,
        0 as amount,
        intervals.open_amount * {{ days_from('intervals.valid_from', 'intervals.valid_to') }} as amount_days,
        0 as invoiced
    from invoiced
    inner join intervals on invoiced.invoice_id = intervals.invoice_id
    where intervals.valid_to < invoiced.voided_on
),

cohort_events as (
    select
        cohort_changes.currency,
        cohort_changes.issued_on,
        {{ month_of('cohort_changes.changed_on') }} as event_month,
        sum(cohort_changes.amount) as amount,
        sum(cohort_changes.amount_days) as amount_days,
        sum(cohort_changes.invoiced) as invoiced
    from (select * from cohort_changes union all select * from void_changes) as cohort_changes
    inner join run on cohort_changes.changed_on <= run.as_of_date
    group by cohort_changes.currency, cohort_changes.issued_on, {{ month_of('cohort_changes.changed_on') }}
),
{%- endmacro %}
