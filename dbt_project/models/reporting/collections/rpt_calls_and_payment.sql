-- Grain: one row per invoice that is or was overdue up to the as-of date: the connected calls with its account from the day
-- after it was due until it was paid, and the cash that followed them (N2, K22). A call is about everything that the
-- account owes, so calls and minutes stand with each of its invoices, and their sum over invoices is no number of calls.
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, account_name, owner_id, is_named from {{ ref('dim_accounts') }}
),

documents as (
    select invoice_id, invoice_number, currency from {{ ref('fct_invoices') }}
),

-- From when on there are calls at all: before, nobody knows who was called.
begun as (
    select min(started_on) as calls_from from {{ ref('fct_calls') }}
),

overdue as (
    select
        invoice_id,
        account_id,
        min(due_on) as due_on,
        min(risk_from) as overdue_from,
        max(risk_to) as overdue_to,
        bool_and(is_dated) as is_dated
    from {{ ref('fct_debt_exposures') }}
    group by invoice_id, account_id
),

open_now as (
    select distinct intervals.invoice_id
    from {{ ref('fct_receivable_intervals') }} as intervals
    cross join run
    where intervals.open_amount > 0 and intervals.valid_from <= run.as_of_date and intervals.valid_to > run.as_of_date
),

calls as (
    select
        overdue.invoice_id,
        calls.conversation_id,
        calls.started_on,
        calls.talk_seconds
    from overdue
    inner join {{ ref('fct_calls') }} as calls
        on overdue.account_id = calls.account_id
        and calls.started_on >= overdue.overdue_from
        and calls.started_on <= overdue.overdue_to
    inner join begun on overdue.overdue_from >= begun.calls_from
    where calls.status = 'answered'
),

called as (
    select
        invoice_id,
        count(*) as connected_calls,
        case when count(talk_seconds) = count(*) then sum(talk_seconds) end as talk_seconds,
        min(started_on) as first_call_on,
        max(started_on) as last_call_on
    from calls
    group by invoice_id
),

-- Cash is placed by its day: of an invoice of which a payment came on a day that nobody knows, nothing is known.
payments as (
    select
        settlements.invoice_id,
        settlements.settlement_date as paid_on,
        sum(-settlements.amount) as amount
    from {{ ref('fct_receivable_settlements') }} as settlements
    inner join overdue
        on settlements.invoice_id = overdue.invoice_id and settlements.settlement_date >= overdue.overdue_from
    where settlements.event_type = 'payment' and overdue.is_dated
    group by settlements.invoice_id, settlements.settlement_date
),

followed as (
    select payments.invoice_id, payments.paid_on, payments.amount, max(calls.started_on) as called_on
    from payments
    left join calls on payments.invoice_id = calls.invoice_id and calls.started_on <= payments.paid_on
    group by payments.invoice_id, payments.paid_on, payments.amount
),

cashed as (
    select
        invoice_id,
        sum(amount) as cash_after_due,
        coalesce(sum(amount) filter (
            where coalesce(
                called_on < paid_on and {{ days_from('called_on', 'paid_on') }} <= {{ parameter('dunning_window_middle') }},
                false
            )
        ), 0) as cash_after_calls,
        max(paid_on) as last_cash_on,
        {{ last_by(days_from('called_on', 'paid_on'), 'paid_on') }} as days_last_call_to_cash
    from followed
    group by invoice_id
),

dunned as (
    select invoice_id, max(step) as dunning_level from {{ ref('fct_dunning_steps') }} group by invoice_id
)

select
    overdue.invoice_id,
    documents.invoice_number,
    overdue.account_id,
    accounts.account_name,
    accounts.owner_id,
    documents.currency,
    cast(case
        when overdue.overdue_from >= begun.calls_from and accounts.is_named then coalesce(called.connected_calls, 0)
    end as bigint) as connected_calls_after_due,
    cast(case
        when called.invoice_id is not null then called.talk_seconds / 60
        when overdue.overdue_from >= begun.calls_from and accounts.is_named then 0
    end as decimal(18, 2)) as minutes_after_due,
    {{ money('case when overdue.is_dated then coalesce(cashed.cash_after_due, 0) end') }} as cash_after_due,
    {{ money(
        'case when overdue.is_dated and overdue.overdue_from >= begun.calls_from and accounts.is_named'
        ' then coalesce(cashed.cash_after_calls, 0) end'
    ) }} as cash_after_calls,
    {{ ratio('60 * cashed.cash_after_calls', 'called.talk_seconds') }} as cash_per_minute,
    cast(cashed.days_last_call_to_cash as bigint) as days_last_call_to_cash,
    cast(dunned.dunning_level as bigint) as dunning_level,
    open_now.invoice_id is not null as is_open,
    overdue.is_dated as is_payment_dated,
    overdue.due_on,
    called.first_call_on,
    called.last_call_on,
    cashed.last_cash_on,
    run.as_of_date
from overdue
cross join run
cross join begun
left join documents on overdue.invoice_id = documents.invoice_id
left join accounts on overdue.account_id = accounts.account_id
left join called on overdue.invoice_id = called.invoice_id
left join cashed on overdue.invoice_id = cashed.invoice_id
left join dunned on overdue.invoice_id = dunned.invoice_id
left join open_now on overdue.invoice_id = open_now.invoice_id
