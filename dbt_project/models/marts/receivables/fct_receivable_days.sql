-- Grain: one row a currency and day, from its first event to the as-of date: balances at the day's end, flows of the day.
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

-- What enters a balance on a day and what leaves it; summed up from the first day on, they are the balance.
movements as (
    select
        currency,
        valid_from as day,
        sum(open_amount) as open_amount,
        coalesce(sum(open_amount) filter (where valid_from <= due_on), 0) as not_due_amount,
        sum(credit_amount) as credit_amount,
        cast(0 as decimal(18, 4)) as unapplied_amount
    from intervals
    group by currency, valid_from
    union all
    select currency, valid_to, -sum(open_amount), 0, -sum(credit_amount), 0
    from intervals
    group by currency, valid_to
    union all
    select currency, least(valid_to, {{ plus_days('due_on', 1) }}), 0, -sum(open_amount), 0, 0
    from intervals
    where valid_from <= due_on
    group by currency, least(valid_to, {{ plus_days('due_on', 1) }})
    union all
    select currency, event_date, 0, 0, 0, sum(amount)
    from {{ ref('fct_unapplied_credits') }}
    group by currency, event_date
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
    select currency, voided_on, sum(case when document_kind = 'credit_note' then gross_amount else -gross_amount end), 0, 0, 0, 0
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
    from (select currency, day from movements union all select currency, day from flows) as days
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
        sum(unapplied_amount) as unapplied_amount
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
        sum(moved.unapplied_amount) over (partition by spine.currency order by spine.day) as unapplied_amount
    from spine
    left join moved on spine.currency = moved.currency and spine.day = moved.day
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
        {{ money('coalesce(flowed.sales, 0)') }} as sales,
        {{ money('coalesce(flowed.opening, 0)') }} as opening,
        {{ money('coalesce(flowed.collected, 0)') }} as collected,
        {{ money('coalesce(flowed.charged_back, 0)') }} as charged_back,
        {{ money('coalesce(flowed.written_off, 0)') }} as written_off,
        summed.day
    from summed
    left join flowed on summed.currency = flowed.currency and summed.day = flowed.day
    left join rates on summed.currency = rates.currency and summed.day = rates.rate_date
)

select * from final
