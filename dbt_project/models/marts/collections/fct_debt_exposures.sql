-- Grain: one row per invoice, instalment, age (pieces of contact_age_days days) and stretch of days on each of which an overdue part could have been paid:
-- open at the end of the day before and past its due date, up to the as-of date (K22).
-- The debt's size is what was open of it as it became overdue; its payer's habit is how late the account paid before that day.
-- Of a debt that was paid on a day that nobody knows, nothing can be counted by days: is_dated is false.
with run as (
    select * from {{ ref('int_run_dated') }}
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

settlements as (
    select * from {{ ref('fct_receivable_settlements') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

-- The day on which the books begin is nobody's due date.
undue as (
    select invoice_id from {{ ref('fct_invoices') }} where document_kind = 'opening' and due_rule <> 'given'
),

stretches as (
    select
        intervals.invoice_id,
        intervals.instalment_number,
        intervals.account_id,
        intervals.currency,
        intervals.open_amount,
        intervals.due_on,
        {{ plus_days(greatest_known('intervals.valid_from', 'intervals.due_on'), 1) }} as from_day,
        {{ least_known('intervals.valid_to', 'run.as_of_date') }} as to_day
    from intervals
    cross join run
    left join undue on intervals.invoice_id = undue.invoice_id
    where undue.invoice_id is null
),

overdue as (
    select * from stretches where from_day <= to_day and due_on is not null
),

debts as (
    select
        invoice_id,
        instalment_number,
        account_id,
        currency,
        due_on,
        min(from_day) as from_day,
        {{ first_by('open_amount', 'from_day') }} as open_amount
    from overdue
    group by invoice_id, instalment_number, account_id, currency, due_on
),

valued as (
    select debts.*, {{ money('debts.open_amount * rates.rate') }} as open_amount_base
    from debts
    left join rates on debts.currency = rates.currency and debts.from_day = rates.rate_date
),

size_edges as (
    {{ size_edges('valued', 'open_amount_base') }}
),

payments as (
    select account_id, settlement_date, {{ days_from('due_on', 'settlement_date') }} as delay_days
    from settlements
    where is_payment and is_dated and not is_opening and due_on is not null
),

habits as (
    select
        due_days.account_id,
        due_days.due_on,
        median(payments.delay_days) <= {{ parameter('on_time_grace_days') }} as pays_on_time
    from (select distinct account_id, due_on from debts) as due_days
    inner join payments
        on due_days.account_id = payments.account_id
        and payments.settlement_date <= due_days.due_on
        and payments.settlement_date > {{ plus_days('due_days.due_on', '-' ~ parameter('worklist_habit_days')) }}
    group by due_days.account_id, due_days.due_on
    having count(*) >= {{ parameter('worklist_habit_payments') }}
),

undated as (
    select distinct invoice_id from settlements where event_type = 'payment' and not is_dated
),

described as (
    select
        valued.invoice_id,
        valued.instalment_number,
        {{ size_band('valued.open_amount_base', 'size_edges') }} as size_band,
        case
            when habits.pays_on_time then 'pays_on_time'
            when not habits.pays_on_time then 'pays_late'
            else 'not_known'
        end as habit,
        undated.invoice_id is null as is_dated
    from valued
    cross join size_edges
    left join habits on valued.account_id = habits.account_id and valued.due_on = habits.due_on
    left join undated on valued.invoice_id = undated.invoice_id
),

-- Debts are compared at nearly one age: within an ageing bucket most payments come in its first days.
bands as (
    {%- for bucket in aging_buckets() if bucket[1] is not none %}
    select '{{ bucket[0] }}' as age_band, {{ bucket[1] }} as from_days, {{ bucket[2] or bucket[1] }} as to_days, {{ bucket[2] is none }} as is_last
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ages as (
    select
        bands.age_band,
        bands.is_last,
        bands.to_days as band_to_days,
        cast(unnest(generate_series(
            bands.from_days, bands.to_days, cast({{ parameter('contact_age_days') }} as integer)
        )) as integer) as from_days
    from bands
),

aged as (
    select
        overdue.*,
        ages.age_band,
        ages.from_days as age_from_days,
        {{ greatest_known('overdue.from_day', plus_days('overdue.due_on', 'ages.from_days')) }} as risk_from,
        {{ least_known(
            'overdue.to_day',
            'case when not ages.is_last then ' ~ plus_days(
                'overdue.due_on', least_known('ages.from_days + ' ~ parameter('contact_age_days') ~ ' - 1', 'ages.band_to_days')
            ) ~ ' end'
        ) }} as risk_to
    from overdue
    inner join ages on overdue.to_day >= {{ plus_days('overdue.due_on', 'ages.from_days') }}
)

select
    aged.invoice_id,
    cast(aged.instalment_number as bigint) as instalment_number,
    aged.account_id,
    aged.age_band,
    aged.age_from_days,
    described.size_band,
    described.habit,
    described.is_dated,
    aged.due_on,
    aged.risk_from,
    aged.risk_to
from aged
inner join described
    on aged.invoice_id = described.invoice_id and aged.instalment_number = described.instalment_number
where aged.risk_from <= aged.risk_to
