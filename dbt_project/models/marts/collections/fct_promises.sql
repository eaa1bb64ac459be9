-- Grain: one row per promise to pay that was made up to the as-of date, with what came of it (R22, R23).
-- Cash counts that was applied to the promised invoice (to any invoice of the customer in the promise's currency where
-- it names none) from the day of the promise to the promised day and the days of grace. Taken back, it counts against.
with run as (
    select * from {{ ref('int_run_dated') }}
),

promises as (
    select * from {{ ref('stg_billing__promises') }}
),

documents as (
    select invoice_id, account_id, customer_id, currency from {{ ref('int_billing_documents') }}
),

identities as (
    select system, native_id, customer_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

events as (
    select events.*
    from {{ ref('fct_receivable_events') }} as events
    cross join run
    where events.event_date <= run.as_of_date
),

-- The day that the export was made is the latest on which an undated promise can have been made.
resolved as (
    select
        {{ global_id('promises._system', 'promises.promise_id') }} as promise_id,
        coalesce(documents.account_id, identities.account_id) as account_id,
        coalesce(
            documents.customer_id,
            case when promises.customer_id is not null then identities.customer_id end,
            {{ global_id('promises._system', 'promises.customer_id') }}
        ) as customer_id,
        {{ global_id('promises._system', 'promises.invoice_id') }} as invoice_id,
        promises.invoice_id is null or documents.invoice_id is not null as is_resolved,
        case
            when promises.amount > 0 then coalesce(promises.currency, documents.currency, run.default_currency)
            else coalesce(documents.currency, promises.currency, run.default_currency)
        end as currency,
        case when promises.amount > 0 then promises.amount end as given_amount,
        coalesce(
            promises.made_on,
            {{ least_known(business_date('promises._known_at', 'run.business_timezone'), 'promises.promised_for') }}
        ) as made_on,
        promises.promised_for,
        {{ plus_days('promises.promised_for', parameter('promise_grace_days')) }} as kept_by,
        promises.cancelled_on,
        run.as_of_date,
        {{ provenance('promises') }}
    from promises
    cross join run
    left join documents on {{ global_id('promises._system', 'promises.invoice_id') }} = documents.invoice_id
    left join identities
        on promises._system = identities.system and coalesce(promises.customer_id, '') = identities.native_id
),

known as (
    select
        *,
        coalesce(invoice_id, 'customer ' || customer_id || ' ' || currency, promise_id) as target
    from resolved
    where made_on <= as_of_date
),

-- A later promise about the same debt closes the one before.
made_days as (
    select target, made_on, lead(made_on) over (partition by target order by made_on) as replaced_on
    from (select distinct target, made_on from known) as days
),

paired as (
    select
        known.promise_id, known.made_on, known.currency, events.currency as invoice_currency,
        events.event_type, events.allocation, events.amount, events.amount_base, events.event_date
    from known
    inner join events on known.invoice_id = events.invoice_id
    union all
    select
        known.promise_id, known.made_on, known.currency, events.currency,
        events.event_type, events.allocation, events.amount, events.amount_base, events.event_date
    from known
    inner join events on known.customer_id = events.customer_id and known.currency = events.currency
    where known.invoice_id is null
),

-- A promise without an amount is one of all that was open before its day.
open_before as (
    select promise_id, sum(amount) as amount
    from paired
    where event_date < made_on
    group by promise_id
    having sum(amount) > 0
),

-- An invoice in another currency than its promise: at the rates of the day of the payment.
cash as (
    select
        paired.promise_id,
        paired.event_date,
        paired.allocation,
        case
            when paired.currency = paired.invoice_currency then -paired.amount
            else {{ money('-paired.amount_base / nullif(rates.rate, 0)') }}
        end as amount
    from paired
    left join rates
        on paired.currency <> paired.invoice_currency
        and paired.currency = rates.currency
        and paired.event_date = rates.rate_date
    where paired.event_date >= paired.made_on
        and paired.event_type in ('payment', 'refund', 'chargeback', 'reversal')
),

-- Promises of one day about the same debt are parts of a plan: money fills them in the order of their days.
amounted as (
    select
        known.*,
        made_days.replaced_on,
        coalesce(known.given_amount, open_before.amount) as amount,
        coalesce(sum(coalesce(known.given_amount, open_before.amount)) over (
            partition by known.target, known.made_on order by known.promised_for, known.promise_id
            rows between unbounded preceding and 1 preceding
        ), 0) as earlier_amount
    from known
    inner join made_days on known.target = made_days.target and known.made_on = made_days.made_on
    left join open_before on known.promise_id = open_before.promise_id
),

running as (
    select
        promise_id,
        event_date,
        sum(amount) over (partition by promise_id order by event_date) as cash_to_date
    from cash
),

reached as (
    select running.promise_id, min(running.event_date) as kept_on
    from running
    inner join amounted on running.promise_id = amounted.promise_id
    where running.cash_to_date >= amounted.earlier_amount + amounted.amount
    group by running.promise_id
),

-- The day on which a promise was closed before its time; one that was kept by then stays kept.
closed as (
    select
        amounted.*,
        reached.kept_on,
        case
            when {{ least_known(
                'amounted.cancelled_on', 'amounted.replaced_on'
            ) }} <= coalesce(amounted.kept_by, {{ end_of_time() }})
                and coalesce(reached.kept_on, {{ end_of_time() }}) > {{ least_known(
                    'amounted.cancelled_on', 'amounted.replaced_on'
                ) }}
                then {{ least_known('amounted.cancelled_on', 'amounted.replaced_on') }}
        end as closed_on
    from amounted
    left join reached on amounted.promise_id = reached.promise_id
),

counted as (
    select
        closed.promise_id,
        coalesce(sum(cash.amount) filter (where cash.event_date <= coalesce(closed.closed_on, closed.kept_by)), 0)
            as received_amount,
        count(*) filter (where cash.event_date is not null and cash.amount is null) as missing_rate_count,
        max(case
            when cash.event_date <= coalesce(closed.closed_on, closed.kept_by)
                then case cash.allocation when 'explicit' then 0 when 'linked_no_date' then 0 else 1 end
        end) = 1 as is_assumed
    from closed
    left join cash on closed.promise_id = cash.promise_id
    group by closed.promise_id
),

measured as (
    select
        closed.*,
        counted.received_amount,
        counted.missing_rate_count,
        coalesce(counted.is_assumed, false) as is_assumed,
        case
            when closed.is_resolved and closed.amount is not null
                then {{ least_known(
                    greatest_known('counted.received_amount - closed.earlier_amount', '0'), 'closed.amount'
                ) }}
        end as kept_amount
    from closed
    inner join counted on closed.promise_id = counted.promise_id
),

stated as (
    select
        *,
        case
            when kept_amount >= amount then 'kept'
            when closed_on is not null then 'cancelled'
            when kept_by is null or kept_by >= as_of_date then 'open'
            when not is_resolved or amount is null then null
            when kept_amount > 0 then 'partly'
            else 'broken'
        end as state
    from measured
)

select
    promise_id,
    account_id,
    customer_id,
    invoice_id,
    case when not is_resolved then 'invoice ' || invoice_id end as unresolved_ids,
    currency,
    state,
    case
        when state <> 'cancelled' then null
        when cancelled_on = closed_on then 'cancelled'
        else 'replaced'
    end as closed_by,
    {{ money('amount') }} as amount,
    {{ money('received_amount') }} as received_amount,
    {{ money('kept_amount') }} as kept_amount,
    {{ money("case when state in ('partly', 'broken') then amount - kept_amount when state is not null then 0 end") }}
        as broken_value,
    cast(missing_rate_count as bigint) as missing_rate_count,
    given_amount is null as is_amount_assumed,
    is_assumed,
    coalesce(kept_on > kept_by, false) and state in ('partly', 'broken') as is_kept_late,
    made_on,
    promised_for,
    kept_by,
    case when state <> 'cancelled' then kept_on end as kept_on,
    closed_on,
    {{ provenance() }}
from stated
