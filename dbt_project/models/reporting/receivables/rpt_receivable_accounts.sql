-- Grain: one row per account and currency that has ever owed or paid in it, has a credit limit in it, or has ordered in it.
-- How the account pays and how much of its credit it uses, on the as-of date (R12-R14, R22, R24, R28, R36, R37).
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

exposures as (
    select * from {{ ref('fct_credit_exposures') }}
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

settings as (
    select
        as_of_date,
        base_currency,
        default_currency,
        {{ plus_months('as_of_date', '-' ~ parameter('payment_behaviour_months')) }} as window_from,
        cast({{ parameter('trend_observed_days') }} as integer) as observed_days,
        cast({{ parameter('trend_cohorts') }} as integer) as cohorts,
        cast({{ parameter('trend_min_invoices') }} as integer) as least_invoices
    from run
),

balances as (
    select balances.*
    from {{ ref('fct_receivable_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
),

touched as (
    select account_id, currency, event_date from {{ ref('fct_receivable_events') }}
    union all
    select account_id, currency, event_date from {{ ref('fct_unapplied_credits') }}
),

keys as (
    select touched.account_id, touched.currency
    from touched
    inner join run on touched.event_date <= run.as_of_date
    union
    select account_id, currency from exposures
    where credit_limit is not null or open_orders_amount <> 0 or unbilled_amount > 0
),

paid as (
    {{ paid_events(['account_id', 'currency']) }}
),

payments as (
    select
        account_id,
        currency,
        {{ paid_sums() }}
    from paid
    inner join settings on paid.counted_on > settings.window_from and paid.known_on <= settings.as_of_date
    group by account_id, currency
),

-- Invoices that are known to be paid by some day, and not since when.
undated as (
    select invoice_id, min(counted_on) as known_on
    from {{ ref('fct_receivable_settlements') }}
    where is_payment and not is_dated
    group by invoice_id
),

items as (
    {{ open_items_at('intervals', 'run', ['account_id', 'currency', 'open_amount']) }}
),

overdue as (
    select account_id, currency, sum(open_amount) as amount, sum(open_amount * days_overdue) as overdue_days
    from items
    where days_overdue > 0
    group by account_id, currency
),

promised as (
    select
        promises.account_id,
        promises.currency,
        count(*) as due,
        count(*) filter (where promises.state = 'kept') as kept
    from {{ ref('fct_promises') }} as promises
    inner join settings
        on promises.promised_for > settings.window_from and promises.promised_for <= settings.as_of_date
    where promises.state in ('kept', 'partly', 'broken')
    group by promises.account_id, promises.currency
),

-- R37. A cohort is what fell due in a month, looked at so many days after the month's end: seen later, an older cohort
-- would always look worse, and a customer who stopped paying as if he mended.
observed as (
    select
        invoices.invoice_id,
        invoices.account_id,
        invoices.currency,
        invoices.gross_amount,
        invoices.issued_on,
        {{ month_of('invoices.due_on') }} as cohort,
        {{ plus_days(month_end_of('invoices.due_on'), 'settings.observed_days') }} as observed_on
    from invoices
    cross join settings
    where invoices.is_receivable
        and not invoices.is_void
        and invoices.document_kind <> 'opening'
        and invoices.gross_amount > 0
        and {{ plus_days(month_end_of('invoices.due_on'), 'settings.observed_days') }} <= settings.as_of_date
        and invoices.due_on >= {{ plus_months(
            month_of(plus_days('settings.as_of_date', '1 - settings.observed_days')), '-settings.cohorts'
        ) }}
),

-- What is open past its due date, day by day, adds up to amount times days late, each part to its own payment.
late as (
    select
        observed.invoice_id,
        sum(intervals.open_amount * {{ greatest_known(days_from(
            'case
                when intervals.valid_from <= intervals.issued_on then intervals.due_on
                else ' ~ greatest_known('intervals.valid_from', 'intervals.due_on') ~ '
            end',
            least_known('intervals.valid_to', 'observed.observed_on')
        ), '0') }}) as late_days
    from observed
    inner join intervals
        on observed.invoice_id = intervals.invoice_id and intervals.valid_from < observed.observed_on
    group by observed.invoice_id
),

cohorts as (
    select
        observed.account_id,
        observed.currency,
        extract(year from observed.cohort) * 12 + extract(month from observed.cohort) as place,
        count(*) as invoices,
        -- Decimals: a sum of doubles depends on the order in which its parts come.
        cast({{ ratio(
            'sum(coalesce(late.late_days, 0))', 'sum(observed.gross_amount)'
        ) }} as decimal(18, 6)) as days_delinquent,
        count(undated.invoice_id) as undated
    from observed
    left join late on observed.invoice_id = late.invoice_id
    left join undated on observed.invoice_id = undated.invoice_id and undated.known_on <= observed.observed_on
    group by observed.account_id, observed.currency, observed.cohort
),

centred as (
    select
        *,
        cast(place - min(place) over (partition by account_id, currency) as decimal(9, 0)) as x
    from cohorts
),

trends as (
    select
        centred.account_id,
        centred.currency,
        sum(centred.invoices) as invoices,
        sum(centred.undated) as undated,
        {{ ratio(
            'count(*) * sum(centred.x * centred.days_delinquent) - sum(centred.x) * sum(centred.days_delinquent)',
            'count(*) * sum(centred.x * centred.x) - sum(centred.x) * sum(centred.x)'
        ) }} as slope
    from centred
    group by centred.account_id, centred.currency
),

measured as (
    select
        keys.account_id,
        keys.currency,
        coalesce(balances.open_amount, 0) as open_amount,
        coalesce(balances.overdue_amount, 0) as overdue_amount,
        coalesce(balances.credit_amount, 0) as credit_amount,
        coalesce(balances.unapplied_amount, 0) as unapplied_amount,
        coalesce(balances.disputed_amount, 0) as disputed_amount,
        case when exposures.account_id is null then 0 else exposures.unbilled_amount end as unbilled_amount,
        coalesce(exposures.open_orders_amount, 0) as open_orders_amount,
        coalesce(exposures.exposure_amount, 0) as exposure_amount,
        exposures.credit_limit,
        exposures.credit_used,
        exposures.credit_used_ratio,
        exposures.is_over_limit,
        exposures.missing_rate_count,
        exposures.missing_amount_count,
        payments.payments,
        payments.undated_payments,
        -- How long payments took is unknown where the day of one is.
        case
            when coalesce(payments.undated_payments, 0) = 0 then {{ average_days_past_due(
                'coalesce(payments.paid_late_days, 0)', 'coalesce(overdue.overdue_days, 0)',
                'coalesce(payments.paid_amount, 0)', 'coalesce(overdue.amount, 0)'
            ) }}
        end as average_days_delinquent,
        {%- for name, parts in {
            'average_payment_days': ['paid_issue_days', 'paid_dated_amount'],
            'on_time_ratio_amount': ['paid_on_time_amount', 'paid_amount'],
            'on_time_ratio_count': ['payments_on_time', 'payments'],
        }.items() %}
        case
            when payments.undated_payments = 0 then {{ ratio('payments.' ~ parts[0], 'payments.' ~ parts[1]) }}
        end as {{ name }},
        {%- endfor %}
        case
            when trends.invoices >= settings.least_invoices and trends.undated = 0 then trends.slope
        end as delinquency_trend,
        trends.invoices as trend_invoices,
        promised.due as promises_due,
        {{ ratio('promised.kept', 'promised.due') }} as promises_kept_ratio
    from keys
    cross join settings
    left join balances on keys.account_id = balances.account_id and keys.currency = balances.currency
    left join exposures on keys.account_id = exposures.account_id and keys.currency = exposures.currency
    left join payments on keys.account_id = payments.account_id and keys.currency = payments.currency
    left join overdue on keys.account_id = overdue.account_id and keys.currency = overdue.currency
    left join trends on keys.account_id = trends.account_id and keys.currency = trends.currency
    left join promised on keys.account_id = promised.account_id and keys.currency = promised.currency
)

select
    measured.account_id,
    accounts.account_name,
    accounts.owner_id,
    {{ segment_or_unknown('accounts.segment') }} as segment,
    measured.currency,
    cast(case
        when not accounts.is_named then null
        when measured.average_days_delinquent <= {{ parameter('payment_rating_a_days') }} then 'A'
        when measured.average_days_delinquent <= {{ parameter('payment_rating_b_days') }} then 'B'
        when measured.average_days_delinquent <= {{ parameter('payment_rating_c_days') }} then 'C'
        when measured.average_days_delinquent is not null then 'D'
    end as varchar) as payment_rating,
    {%- for amount in ['open_amount', 'overdue_amount', 'credit_amount', 'unapplied_amount', 'disputed_amount',
        'unbilled_amount', 'open_orders_amount', 'exposure_amount'] %}
    cast(measured.{{ amount }} as decimal(38, 4)) as {{ amount }},
    {%- endfor %}
    cast(measured.credit_limit as decimal(38, 4)) as credit_limit,
    cast(measured.credit_used as decimal(38, 4)) as credit_used,
    measured.credit_used_ratio as credit_used_ratio,
    measured.is_over_limit,
    {{ ratio('measured.disputed_amount', 'measured.open_amount') }} as disputed_share,
    cast(measured.average_days_delinquent as double) as average_days_delinquent,
    cast(measured.average_payment_days as double) as average_payment_days,
    cast(measured.on_time_ratio_amount as double) as on_time_ratio_amount,
    cast(measured.on_time_ratio_count as double) as on_time_ratio_count,
    cast(measured.delinquency_trend as double) as delinquency_trend,
    cast(measured.promises_kept_ratio as double) as promises_kept_ratio,
    cast(coalesce(measured.payments, 0) as bigint) as payment_count,
    cast(coalesce(measured.undated_payments, 0) as bigint) as undated_payment_count,
    cast(coalesce(measured.trend_invoices, 0) as bigint) as trend_invoices,
    cast(coalesce(measured.promises_due, 0) as bigint) as promises_due,
    cast(coalesce(measured.missing_rate_count, 0) as bigint) as missing_rate_count,
    cast(coalesce(measured.missing_amount_count, 0) as bigint) as missing_amount_count,
    settings.as_of_date
from measured
cross join settings
left join accounts on measured.account_id = accounts.account_id
