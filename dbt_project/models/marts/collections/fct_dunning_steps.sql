-- Grain: one row per reminder and invoice that it asked for, on the day's open amount. One that
-- names no invoice asks for all that the customer has overdue; one without a level is as many-th as it is the invoice's.
with dunning as (
    select dunning.*
    from {{ ref('fct_dunning_events') }} as dunning
    where dunning.sent_on is not null
),

documents as (
    select invoice_id, customer_id from {{ ref('int_billing_documents') }}
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

reminders as (
    select dunning_id, account_id, customer_id, invoice_id, channel, level, sent_on, sent_at
    from dunning
    where invoice_id is not null
    union all
    select
        dunning.dunning_id, dunning.account_id, dunning.customer_id, documents.invoice_id, dunning.channel, dunning.level,
        dunning.sent_on, dunning.sent_at
    from dunning
    inner join documents on dunning.customer_id = documents.customer_id
    inner join intervals
        on documents.invoice_id = intervals.invoice_id
        and dunning.sent_on >= intervals.valid_from
        and dunning.sent_on < intervals.valid_to
        and dunning.sent_on > intervals.due_on
    where dunning.invoice_id is null
    group by all
),

opened as (
    select
        reminders.dunning_id,
        reminders.invoice_id,
        min(intervals.currency) as currency,
        sum(intervals.open_amount) as open_amount,
        min(intervals.due_on) as due_on
    from reminders
    inner join intervals
        on reminders.invoice_id = intervals.invoice_id
        and reminders.sent_on >= intervals.valid_from
        and reminders.sent_on < intervals.valid_to
    group by reminders.dunning_id, reminders.invoice_id
),

ordered as (
    select
        *,
        row_number() over (partition by invoice_id order by sent_at, dunning_id) as number_of_invoice,
        lag(sent_on) over (partition by invoice_id order by sent_at, dunning_id) as previous_sent_on
    from reminders
)

select
    ordered.dunning_id,
    ordered.invoice_id,
    ordered.account_id,
    ordered.customer_id,
    cast(coalesce(ordered.level, ordered.number_of_invoice) as bigint) as step,
    ordered.channel,
    opened.currency,
    {{ money('coalesce(opened.open_amount, 0)') }} as open_amount,
    {{ money('opened.open_amount * rates.rate') }} as open_amount_base,
    rates.rate,
    {{ days_from('opened.due_on', 'ordered.sent_on') }} as days_overdue,
    {{ days_from('ordered.previous_sent_on', 'ordered.sent_on') }} as days_since_previous,
    ordered.sent_on,
    ordered.sent_at
from ordered
left join opened on ordered.dunning_id = opened.dunning_id and ordered.invoice_id = opened.invoice_id
left join rates on opened.currency = rates.currency and ordered.sent_on = rates.rate_date
