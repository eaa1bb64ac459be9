-- Grain: one row per currency and day, from the first event to the as-of date, where a rate is known.
-- The last rate on or before the day counts, for at most fx_max_age_days. Quoted rates (plan.fx_rates) go before the
-- rates that documents carry themselves. A missing row is an unknown rate. A document's rate is into the currency of the
-- books that it stands in: of books in another currency than our base it says nothing about ours.
with run as (
    select * from {{ ref('int_run_dated') }}
),

first_days as (
    select min(issued_on) as first_on from {{ ref('stg_billing__invoices') }}
    union all
    select min(received_on) from {{ ref('stg_billing__payments') }}
    union all
    select min(applied_on) from {{ ref('stg_billing__applications') }}
    union all
    select min(occurred_on) from {{ ref('stg_billing__adjustments') }}
    union all
    select min(as_of) from {{ ref('stg_billing__opening_balances') }}
    union all
    select min(ordered_on) from {{ ref('stg_billing__orders') }}
    union all
    select min(started_on) from {{ ref('stg_billing__subscriptions') }}
    union all
    select min(cast(created_at as date)) from {{ ref('stg_crm__deals') }}
    union all
    select min(cast(closed_at as date)) from {{ ref('stg_crm__deals') }}
    union all
    select min(starts_on) from {{ ref('stg_crm__campaigns') }}
    union all
    select min(cast(started_at as date)) from {{ ref('stg_calls__calls') }}
    union all
    select min(spent_on) from {{ ref('stg_calls__channel_costs') }}
    union all
    select min(month) from {{ ref('stg_plan__budgets') }}
    union all
    select min(month) from {{ ref('stg_plan__costs') }}
),

-- A day more at the start: a moment's day in the business time zone may be the one before its day in UTC.
bounds as (
    select
        {{ plus_days(least_known('min(first_days.first_on)', 'max(run.as_of_date)'), -1) }} as first_on,
        max(run.as_of_date) as last_on
    from first_days
    cross join run
),

days as (
    {{ every_day('bounds', 'first_on', 'last_on') }}
),

quoted as (
    select currency, rate_date, 1 as preference, {{ last_by('rate', '_known_at', 'rate') }} as rate
    from {{ ref('stg_plan__fx_rates') }}
    where rate > 0
    group by currency, rate_date
),

on_documents as (
    select _system as system, currency, issued_on as rate_date, exchange_rate as rate
    from {{ ref('stg_billing__invoices') }}
    where exchange_rate > 0
    union all
    select _system, currency, received_on, exchange_rate from {{ ref('stg_billing__payments') }} where exchange_rate > 0
    union all
    select _system, currency, occurred_on, exchange_rate
    from {{ ref('stg_billing__adjustments') }}
    where exchange_rate > 0
),

-- The middle one of a system's rates of a currency is no typing error.
usual as (
    select system, currency, median(rate) as rate
    from on_documents
    group by system, currency
),

-- Our base currency is not worth 1 in them; or they never name it, and another currency is.
books_in_another_currency as (
    select usual.system
    from usual
    cross join run
    group by usual.system
    having coalesce(
        bool_or(usual.rate <> 1) filter (where usual.currency = run.base_currency),
        bool_or(usual.rate = 1)
    )
),

-- Nor is a rate what an export puts where it has none: 1 for every currency. Documents of one day may disagree.
documented as (
    select on_documents.currency, on_documents.rate_date, 2 as preference, median(on_documents.rate) as rate
    from on_documents
    inner join usual on on_documents.system = usual.system and on_documents.currency = usual.currency
    where on_documents.rate_date is not null
        and usual.rate <> 1
        and on_documents.system not in (select books.system from books_in_another_currency as books)
    group by on_documents.currency, on_documents.rate_date
),

rates as (
    select
        known.currency,
        known.preference,
        -- Wider than it needs: DuckDB multiplies two decimals of 18 digits within 18, which an amount over a million
        -- overflows.
        cast(known.rate as decimal(28, 8)) as rate,
        known.rate_date,
        lead(known.rate_date) over (
            partition by known.currency, known.preference order by known.rate_date
        ) as next_date
    from (select * from quoted union all select * from documented) as known
),

carried as (
    select
        rates.currency,
        days.day as rate_date,
        {{ first_by('rates.rate', 'rates.preference') }} as rate,
        {{ first_by('rates.rate_date', 'rates.preference') }} as quoted_on
    from rates
    cross join run
    inner join days
        on days.day >= rates.rate_date
        and days.day < coalesce(rates.next_date, {{ end_of_time() }})
        and days.day <= {{ plus_days('rates.rate_date', 'run.fx_max_age_days') }}
    where rates.currency <> run.base_currency
    group by rates.currency, days.day
),

base as (
    select
        run.base_currency as currency,
        days.day as rate_date,
        cast(1 as decimal(28, 8)) as rate,
        days.day as quoted_on
    from run
    cross join days
)

select currency, rate, rate_date, quoted_on from carried
union all
select currency, rate, rate_date, quoted_on from base
