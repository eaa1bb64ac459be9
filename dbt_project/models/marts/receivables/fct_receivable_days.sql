-- Grain: one row per currency and day, from its first event to the as-of date: balances at its end, flows of the day.
-- `overdue_days` is money times days, the numerator of a weighted mean: what is overdue times the days it is overdue.
-- `undated_count` counts payments that may have come by then or not: a balance of a later day tells of them, and nothing of
-- their own day. While there is one, what is owed is no more than shown.
with run as (
    select * from {{ ref('int_run_dated') }}
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }}
),

documents as (
    select * from {{ ref('int_billing_documents') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

-- A stretch of days of an open item, twice: while it is not due, and once it is overdue.
stretches as (
    select
        currency,
        valid_from as from_day,
        valid_to as to_day,
        open_amount,
        credit_amount,
        cast(0 as decimal(18, 4)) as not_due_amount,
        cast(0 as decimal(38, 4)) as due_weight
    from intervals
    union all
    select currency, valid_from, {{ least_known('valid_to', plus_days('due_on', 1)) }}, 0, 0, open_amount, 0
    from intervals
    where valid_from <= due_on
    union all
    select
        currency,
        {{ greatest_known('valid_from', plus_days('due_on', 1)) }},
        valid_to,
        0,
        0,
        0,
        open_amount * {{ day_number('due_on') }}
    from intervals
    where valid_to > {{ plus_days('due_on', 1) }}
),

-- What enters a balance on a day and what leaves it; summed up from the first day on, they are the balance.
movements as (
    select
        currency,
        from_day as day,
        sum(open_amount) as open_amount,
        sum(credit_amount) as credit_amount,
        sum(not_due_amount) as not_due_amount,
        sum(due_weight) as due_weight,
        cast(0 as decimal(18, 4)) as unapplied_amount,
        cast(0 as decimal(18, 4)) as unapplied_credit_notes
    from stretches
    group by currency, from_day
    union all
    select currency, to_day, -sum(open_amount), -sum(credit_amount), -sum(not_due_amount), -sum(due_weight), 0, 0
    from stretches
    group by currency, to_day
    union all
    select
        currency, event_date, 0, 0, 0, 0, sum(amount), coalesce(sum(amount) filter (where origin_kind = 'credit_note'), 0)
    from {{ ref('fct_unapplied_credits') }}
    group by currency, event_date
),

-- From the day of its document until the day by which it had come nobody knows of such a payment.
undated as (
    select currency, day, sum(entering) as undated_count
    from (
        select currency, issued_on as day, 1 as entering
        from {{ ref('fct_receivable_settlements') }}
        where is_payment and not is_dated and issued_on < counted_on
        union all
        select currency, counted_on, -1
        from {{ ref('fct_receivable_settlements') }}
        where is_payment and not is_dated and issued_on < counted_on
    ) as edges
    group by currency, day
),

payments as (
    select currency, counted_on as day, -sum(amount) as paid_amount
    from {{ ref('fct_receivable_settlements') }}
    where event_type = 'payment'
    group by currency, counted_on
),

-- Making a document void takes its sale back on the day it is done.
flows as (
    select
        currency,
        issued_on as day,
        sum(case when document_kind = 'credit_note' then -gross_amount else gross_amount end)
            filter (where document_kind <> 'opening') as sales,
        sum(gross_amount) filter (where document_kind = 'opening') as opening,
        cast(0 as decimal(18, 4)) as collected,
        cast(0 as decimal(18, 4)) as charged_back,
        cast(0 as decimal(18, 4)) as written_off
    from documents
    where is_receivable or is_credit
    group by currency, issued_on
    union all
    select
        currency,
        voided_on,
        sum(case when document_kind = 'credit_note' then gross_amount else -gross_amount end),
        0,
        0,
        0,
        0
    from documents
    where (is_receivable or is_credit) and is_void
    group by currency, voided_on
    union all
    select currency, received_on, 0, 0, sum(amount), -sum(amount) filter (where payment_kind = 'chargeback'), 0
    from {{ ref('fct_payments') }}
    group by currency, received_on
    union all
    select currency, event_date, 0, 0, 0, 0, -sum(amount)
    from {{ ref('fct_receivable_events') }}
    where event_type = 'write_off'
    group by currency, event_date
),

first_days as (
    select currency, min(day) as first_on
    from (select currency, day from movements union all select currency, day from flows) as touched
    group by currency
),

days as (
    select rates.rate_date as day
    from rates
    inner join run on rates.currency = run.base_currency
),

spine as (
    select first_days.currency, days.day
    from first_days
    inner join days on days.day >= first_days.first_on
),

moved as (
    select
        currency,
        day,
        sum(open_amount) as open_amount,
        sum(not_due_amount) as not_due_amount,
        sum(credit_amount) as credit_amount,
        sum(due_weight) as due_weight,
        sum(unapplied_amount) as unapplied_amount,
        sum(unapplied_credit_notes) as unapplied_credit_notes
    from movements
    group by currency, day
),

flowed as (
    select
        currency,
        day,
        sum(sales) as sales,
        sum(opening) as opening,
        sum(collected) as collected,
        sum(charged_back) as charged_back,
        sum(written_off) as written_off
    from flows
    group by currency, day
),

summed as (
    select
        spine.currency,
        spine.day,
        sum(moved.open_amount) over (partition by spine.currency order by spine.day) as open_amount,
        sum(moved.not_due_amount) over (partition by spine.currency order by spine.day) as not_due_amount,
        sum(moved.credit_amount) over (partition by spine.currency order by spine.day) as credit_amount,
        sum(moved.due_weight) over (partition by spine.currency order by spine.day) as due_weight,
        sum(moved.unapplied_amount) over (partition by spine.currency order by spine.day) as unapplied_amount,
        sum(moved.unapplied_credit_notes) over (
            partition by spine.currency order by spine.day
        ) as unapplied_credit_notes,
        sum(undated.undated_count) over (partition by spine.currency order by spine.day) as undated_count
    from spine
    left join moved on spine.currency = moved.currency and spine.day = moved.day
    left join undated on spine.currency = undated.currency and spine.day = undated.day
),

final as (
    select
        summed.currency,
        rates.rate,
        {{ money('coalesce(summed.open_amount, 0)') }} as open_amount,
        {{ money('coalesce(summed.not_due_amount, 0)') }} as not_due_amount,
        {{ money('coalesce(summed.open_amount - summed.not_due_amount, 0)') }} as overdue_amount,
        {{ money('coalesce(summed.credit_amount, 0)') }} as credit_amount,
        {{ money('coalesce(summed.unapplied_amount, 0)') }} as unapplied_amount,
        {{ money('coalesce(summed.unapplied_credit_notes, 0)') }} as unapplied_credit_notes,
        {{ money('coalesce(flowed.sales, 0)') }} as sales,
        {{ money('coalesce(flowed.opening, 0)') }} as opening,
        {{ money('coalesce(flowed.collected, 0)') }} as collected,
        {{ money('coalesce(flowed.charged_back, 0)') }} as charged_back,
        {{ money('coalesce(flowed.written_off, 0)') }} as written_off,
        cast(coalesce(
            (summed.open_amount - summed.not_due_amount) * {{ day_number('summed.day') }} - summed.due_weight, 0
        ) as decimal(38, 4)) as overdue_days,
        {{ money('coalesce(payments.paid_amount, 0)') }} as paid_amount,
        cast(coalesce(summed.undated_count, 0) as bigint) as undated_count,
        summed.day
    from summed
    left join payments on summed.currency = payments.currency and summed.day = payments.day
    left join flowed on summed.currency = flowed.currency and summed.day = flowed.day
    left join rates on summed.currency = rates.currency and summed.day = rates.rate_date
)

select * from final
