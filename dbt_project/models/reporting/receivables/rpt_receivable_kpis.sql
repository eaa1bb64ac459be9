-- Grain: one row per month and currency, and one a month for ALL currencies in the base currency, up to the as-of date.
-- ALL is the lek's code too: until the end the total is `*`, and is_total tells the two apart.
-- Stocks are those of the month's last day (of the as-of date in its month) at that day's rate, flows are converted at
-- the rate of their own day. Windows end on the same day. R1-R17, R20, R21, R29, R36.
-- An amount of ALL leaves out what has no rate, and is unknown where all of it has none; a figure made of several is unknown
-- where a part of any has none, or where a payment of no known day may belong. What compares a window with its end is
-- unknown while the history is shorter.
with run as (
    select * from {{ ref('int_run_dated') }}
),

days as (
    select * from {{ ref('fct_receivable_days') }}
),

events as (
    select * from {{ ref('fct_receivable_events') }}
),

balances as (
    select * from {{ ref('fct_receivable_balances') }}
),

intervals as (
    select invoice_id, open_amount, valid_from, valid_to from {{ ref('fct_receivable_intervals') }}
),

provisions as (
    select * from {{ ref('fct_receivable_provisions') }}
),

{% set amounts = ['open_amount', 'not_due_amount', 'overdue_amount', 'credit_amount', 'unapplied_amount', 'unapplied_credit_notes', 'sales',
    'opening', 'collected', 'charged_back', 'written_off', 'overdue_days'] %}
{% set monthly = ['sales', 'opening', 'collected', 'charged_back', 'written_off'] %}
{% set unrated = {
    'stock': 'open_amount <> 0 or unapplied_amount <> 0 or unapplied_credit_notes <> 0 or credit_amount <> 0',
    'paid': 'paid_amount <> 0',
    'sales': 'sales <> 0',
    'opening': 'opening <> 0',
    'collected': 'collected <> 0',
    'charged_back': 'charged_back <> 0',
    'written_off': 'written_off <> 0',
} %}
series as (
    select
        currency,
        {%- for amount in amounts %}
        cast({{ amount }} as decimal(38, 4)) as {{ amount }},
        {%- endfor %}
        {%- for part in unrated %}
        {{ 'undated_count' if part == 'stock' else 0 }} as unrated_{{ part }},
        {%- endfor %}
        0 as missing_rate_count,
        undated_count,
        day
    from days
    union all
    -- A day of a currency without a rate is left out of ALL, and counted.
    select
        '*',
        {%- for amount in amounts %}
        cast({{ known_sum('cast(' ~ amount ~ ' as decimal(24, 4)) * rate', amount) }} as decimal(38, 4)),
        {%- endfor %}
        {%- for part, condition in unrated.items() %}
        count(*) filter (where rate is null and ({{ condition }})){{ ' + sum(undated_count)' if part == 'stock' }},
        {%- endfor %}
        count(*) filter (where rate is null and ({{ unrated.values() | join(' or ') }})),
        sum(undated_count),
        day
    from days
    group by day
),

-- Sums from the first day on: what lies between two days is the difference of two rows.
running as (
    select
        currency,
        day,
        open_amount,
        unapplied_credit_notes,
        sales,
        unrated_stock,
        unrated_sales,
        {%- for amount in monthly + ['missing_rate_count'] %}
        coalesce(sum({{ amount }}) over (partition by currency order by day), 0) as {{ amount }}_to_date,
        {%- endfor %}
        {%- for part in unrated %}
        sum(unrated_{{ part }}) over (partition by currency order by day) as unrated_{{ part }}_to_date,
        {%- endfor %}
        undated_count,
        sum(open_amount) over (partition by currency order by day) as open_to_date,
        row_number() over (partition by currency order by day) as days_to_date
    from series
),

begun as (
    select min(day) as first_day from days
),

settings as (
    select
        as_of_date,
        base_currency,
        cast({{ parameter('dso_window_days') }} as integer) as window_days,
        cast({{ parameter('turnover_months') }} as integer) as turnover_months
    from run
),

periods as (
    select
        series.*,
        {{ month_of('series.day') }} as month,
        {{ plus_days(month_of('series.day'), -1) }} as day_before_month,
        {{ plus_days('series.day', '-settings.window_days') }} as day_before_window,
        {{ plus_months('series.day', '-settings.turnover_months') }} as day_before_year,
        settings.window_days,
        settings.base_currency,
        begun.first_day,
        begun.first_day <= {{ plus_days(plus_days('series.day', '-settings.window_days'), 1) }} as has_window,
        begun.first_day <= {{ plus_days(plus_months('series.day', '-settings.turnover_months'), 1) }} as has_year
    from series
    cross join settings
    cross join begun
    where series.day = {{ month_end_of('series.day') }} or series.day = settings.as_of_date
),

measured as (
    select
        periods.*,
        now_at.sales_to_date,
        {%- for amount in monthly %}
        now_at.{{ amount }}_to_date - coalesce(before_month.{{ amount }}_to_date, 0) as {{ amount }}_in_month,
        now_at.unrated_{{ amount }}_to_date - coalesce(before_month.unrated_{{ amount }}_to_date, 0)
            as unrated_{{ amount }}_in_month,
        {%- endfor %}
        {%- for part in ['sales', 'paid'] %}
        now_at.unrated_{{ part }}_to_date - coalesce(before_window.unrated_{{ part }}_to_date, 0)
            as unrated_{{ part }}_in_window,
        {%- endfor %}
        {%- for part in ['sales', 'stock', 'written_off'] %}
        now_at.unrated_{{ part }}_to_date - coalesce(before_year.unrated_{{ part }}_to_date, 0)
            as unrated_{{ part }}_in_year,
        {%- endfor %}
        coalesce(before_month.unrated_stock, 0) as unrated_before_month,
        coalesce(before_month.undated_count, 0) as undated_before_month,
        coalesce(before_window.unrated_stock, 0) as unrated_before_window,
        now_at.unrated_sales_to_date,
        -- Of the longest window that ends on the day.
        now_at.missing_rate_count_to_date - {{ least_known(
            'coalesce(before_month.missing_rate_count_to_date, 0)',
            'coalesce(before_window.missing_rate_count_to_date, 0)',
            'coalesce(before_year.missing_rate_count_to_date, 0)'
        ) }} as missing_in_windows,
        now_at.sales_to_date - coalesce(before_window.sales_to_date, 0) as sales_in_window,
        now_at.sales_to_date - coalesce(before_year.sales_to_date, 0) as sales_in_year,
        now_at.written_off_to_date - coalesce(before_year.written_off_to_date, 0) as written_off_in_year,
        {{ ratio(
            'now_at.open_to_date - coalesce(before_year.open_to_date, 0)',
            'now_at.days_to_date - coalesce(before_year.days_to_date, 0)'
        ) }} as average_open_in_year,
        -- Sales are net of every credit note from the day it was issued, what is open only of those that were applied: where
        -- the two are set against each other, credit notes that wait count against what is open.
        periods.open_amount - periods.unapplied_credit_notes as owed,
        coalesce(before_month.open_amount - before_month.unapplied_credit_notes, 0) as owed_before_month,
        coalesce(before_window.open_amount, 0) as open_before_window
    from periods
    inner join running as now_at on periods.currency = now_at.currency and periods.day = now_at.day
    left join running as before_month
        on periods.currency = before_month.currency and periods.day_before_month = before_month.day
    left join running as before_window
        on periods.currency = before_window.currency and periods.day_before_window = before_window.day
    left join running as before_year
        on periods.currency = before_year.currency and periods.day_before_year = before_year.day
),

-- R8. Walking back from the period's end, the first day at which the sales met on the way reach what is open. It is the
-- latest day before which sales to date were no more than sales to date at the end less what is open.
countback_days as (
    select
        measured.currency,
        measured.day,
        max(running.day) as reached_on,
        {{ last_by('running.sales', 'running.day') }} as sales_of_day,
        {{ last_by('measured.owed - (measured.sales_to_date - running.sales_to_date)', 'running.day') }} as left_over,
        {{ last_by('measured.unrated_sales_to_date - (running.unrated_sales_to_date - running.unrated_sales)',
            'running.day') }} as unrated_sales
    from measured
    inner join running
        on measured.currency = running.currency
        and running.day <= measured.day
        and running.sales_to_date - running.sales <= measured.sales_to_date - measured.owed
    where measured.owed > 0
    group by measured.currency, measured.day
),

{{ paid_in_windows() }}

{{ days_open_by_cohort() }}

cohorts as (
    select currency, issued_on, event_month, amount, amount_days, invoiced from cohort_events
    union all
    select '*', issued_on, event_month, amount * days.rate, amount_days * days.rate, invoiced * days.rate
    from cohort_events
    inner join days on cohort_events.currency = days.currency and cohort_events.issued_on = days.day
),

weighted as (
    select
        periods.currency,
        periods.day,
        {{ ratio(
            'sum(cohorts.amount * ' ~ day_number('periods.day') ~ ' - cohorts.amount_days)', 'sum(cohorts.invoiced)'
        ) }} as dso_weighted,
        count(*) filter (where cohorts.invoiced is null) as unrated_invoices
    from periods
    inner join cohorts
        on periods.currency = cohorts.currency
        and cohorts.issued_on > periods.day_before_window
        and cohorts.issued_on <= periods.day
        and cohorts.event_month <= periods.month
    group by periods.currency, periods.day
),

shares as (
    select currency, as_of_date, account_id, sum(open_amount) as open_amount, sum(disputed_amount) as disputed_amount
    from (
        select currency, as_of_date, account_id, open_amount, disputed_amount from balances
        union all
        select
            '*',
            balances.as_of_date,
            balances.account_id,
            balances.open_amount_base,
            {{ money('balances.disputed_amount * days.rate') }}
        from balances
        inner join days on balances.currency = days.currency and balances.as_of_date = days.day
    ) as every_currency
    inner join (select distinct day from periods) as ends on every_currency.as_of_date = ends.day
    group by currency, as_of_date, account_id
),

-- What names no customer is owed by nobody that could be one of the largest, or of the others.
ranked as (
    select
        shares.*,
        accounts.is_named,
        row_number() over (
            partition by shares.currency, shares.as_of_date, accounts.is_named
            order by shares.open_amount desc, shares.account_id
        ) as place,
        sum(shares.open_amount) over (partition by shares.currency, shares.as_of_date, accounts.is_named) as total
    from shares
    inner join {{ ref('dim_accounts') }} as accounts on shares.account_id = accounts.account_id
    where shares.open_amount > 0
),

concentrated as (
    select
        currency,
        as_of_date as day,
        {{ ratio('sum(open_amount) filter (where is_named and place <= 10)', 'max(total) filter (where is_named)') }} as top10_share,
        -- Squares are summed as decimals: a sum of doubles depends on the order in which its parts come.
        {{ ratio(
            'sum(cast(open_amount as decimal(28, 4)) * open_amount) filter (where is_named)',
            'power(max(total) filter (where is_named), 2)'
        ) }} as hhi,
        {{ ratio('sum(disputed_amount)', 'sum(open_amount)') }} as disputed_share
    from ranked
    group by currency, as_of_date
),

provided as (
    select currency, as_of_date as day, sum(provision) as provision, sum(unprovided_amount) as unprovided_amount
    from provisions
    group by currency, as_of_date
    union all
    select '*', as_of_date, sum(provision_base), sum(unprovided_amount_base)
    from provisions
    group by as_of_date
),

final as (
    select
        measured.currency,
        measured.currency = '*' as is_total,
        measured.base_currency,
        -- What came on no known day may have come in the month.
        case
            when measured.undated_before_month + measured.undated_count = 0
                and (measured.collected_in_month <> 0 or measured.unrated_collected_in_month = 0)
                then cast(measured.collected_in_month as decimal(38, 4))
        end as collected,
        {%- for amount in ['sales', 'charged_back', 'written_off'] %}
        case
            when measured.{{ amount }}_in_month <> 0 or measured.unrated_{{ amount }}_in_month = 0
                then cast(measured.{{ amount }}_in_month as decimal(38, 4))
        end as {{ amount }},
        {%- endfor %}
        {%- for amount in ['open_amount', 'overdue_amount', 'credit_amount', 'unapplied_amount'] %}
        case when measured.undated_count = 0 then measured.{{ amount }} end as {{ amount }},
        {%- endfor %}
        case
            when measured.unrated_stock = 0 then {{ ratio('measured.overdue_amount', 'measured.open_amount') }}
        end as overdue_ratio,
        {{ dso('measured.open_amount') }} as dso_simple,
        case
            when measured.unrated_before_window = 0
                then {{ dso('(measured.open_amount + measured.open_before_window) / 2') }}
        end as dso_average,
        case
            when measured.unrated_stock > 0 or countback_days.unrated_sales > 0 then null
            when measured.owed <= 0 then 0
            else {{ days_from('countback_days.reached_on', 'measured.day') }}
                + {{ ratio('countback_days.left_over', 'countback_days.sales_of_day') }}
        end as dso_countback,
        coalesce(
            measured.unrated_stock + measured.unrated_sales_to_date = 0
            and measured.owed > 0 and countback_days.reached_on is null, false
        ) as is_countback_beyond_history,
        case
            when weighted.unrated_invoices = 0 and undated_of_cohorts.undated_payments is null then weighted.dso_weighted
        end as dso_weighted,
        {{ dso('measured.not_due_amount') }} as best_possible_dso,
        {{ dso('measured.open_amount') }} - {{ dso('measured.not_due_amount') }} as delinquent_days,
        {%- for name, weights in {'average_days_delinquent': 'late', 'average_delay_days': 'delay'}.items() %}
        case
            when measured.unrated_paid_in_window + measured.unrated_stock + window_paid.undated_payments = 0
                then {{ average_days_past_due(
                    'window_paid.paid_' ~ weights ~ '_days', 'measured.overdue_days',
                    'window_paid.paid_amount', 'measured.overdue_amount'
                ) }}
        end as {{ name }},
        {%- endfor %}
        case
            when measured.unrated_paid_in_window + window_paid.undated_payments = 0
                then {{ ratio('window_paid.paid_issue_days', 'window_paid.paid_dated_amount') }}
        end as average_payment_days,
        case
            when measured.unrated_paid_in_window + window_paid.undated_payments = 0
                then {{ ratio('window_paid.paid_on_time_amount', 'window_paid.paid_amount') }}
        end as on_time_ratio_amount,
        case
            when window_paid.undated_payments = 0 then {{ ratio('window_paid.payments_on_time', 'window_paid.payments') }}
        end as on_time_ratio_count,
        {%- set gone = 'measured.owed_before_month + measured.opening_in_month + measured.sales_in_month - measured.owed' %}
        {%- set due = 'measured.owed_before_month + measured.opening_in_month + measured.sales_in_month'
            ~ ' - measured.not_due_amount + measured.unapplied_credit_notes' %}
        {%- set unrated_month = 'measured.unrated_stock + measured.unrated_before_month'
            ~ ' + measured.unrated_sales_in_month + measured.unrated_opening_in_month' %}
        case when {{ unrated_month }} = 0 then 100 * {{ ratio(gone, due) }} end as collection_effectiveness,
        case
            when {{ unrated_month }} + measured.unrated_written_off_in_month = 0
                then 100 * {{ ratio(gone ~ ' - measured.written_off_in_month', due) }}
        end as collection_effectiveness_cash,
        case
            when measured.has_year and measured.unrated_sales_in_year + measured.unrated_stock_in_year = 0
                then {{ ratio('measured.sales_in_year', 'measured.average_open_in_year') }}
        end as turnover,
        -- Nothing open needs no provision; where no rate is known the provision isn't known either.
        {%- for amount in ['provision', 'unprovided_amount'] %}
        case
            when measured.undated_count > 0 then null
            when measured.open_amount > 0 then provided.{{ amount }}
            when measured.open_amount = 0 then 0
        end as {{ amount }},
        {%- endfor %}
        case
            when measured.has_year and measured.sales_in_year > 0
                and measured.unrated_sales_in_year + measured.unrated_written_off_in_year = 0
                then {{ ratio('measured.written_off_in_year', 'measured.sales_in_year') }}
        end as bad_debt_ratio,
        case
            when measured.unrated_stock = 0
                then coalesce(concentrated.disputed_share, case when measured.open_amount > 0 then 0 end)
        end as disputed_share,
        case when measured.unrated_stock = 0 then concentrated.top10_share end as top10_share,
        case when measured.unrated_stock = 0 then concentrated.hhi end as hhi,
        window_paid.payments as payment_count,
        window_paid.undated_payments as undated_payment_count,
        cast(measured.missing_in_windows as bigint) as missing_rate_count,
        cast({{ days_from('measured.first_day', 'measured.day') }} + 1 as bigint) as history_days,
        measured.month,
        measured.day as as_of_date
    from measured
    inner join window_paid on measured.currency = window_paid.currency and measured.day = window_paid.day
    left join undated_of_cohorts
        on measured.currency = undated_of_cohorts.currency and measured.day = undated_of_cohorts.day
    left join countback_days on measured.currency = countback_days.currency and measured.day = countback_days.day
    left join weighted on measured.currency = weighted.currency and measured.day = weighted.day
    left join concentrated on measured.currency = concentrated.currency and measured.day = concentrated.day
    left join provided on measured.currency = provided.currency and measured.day = provided.day
)

select
    case when is_total then 'ALL' else currency end as currency,
    is_total,
    cast(case when is_total then base_currency else currency end as varchar) as money_currency,
    cast(base_currency as varchar) as base_currency,
    sales,
    collected,
    charged_back,
    written_off,
    open_amount,
    overdue_amount,
    credit_amount,
    unapplied_amount,
    cast(provision as decimal(38, 4)) as provision,
    cast(unprovided_amount as decimal(38, 4)) as unprovided_amount,
    {%- for number in ['overdue_ratio', 'dso_simple', 'dso_average', 'dso_countback', 'dso_weighted',
        'best_possible_dso', 'delinquent_days', 'average_days_delinquent', 'average_delay_days', 'average_payment_days',
        'on_time_ratio_amount', 'on_time_ratio_count', 'collection_effectiveness', 'collection_effectiveness_cash',
        'turnover', 'bad_debt_ratio', 'disputed_share', 'top10_share', 'hhi'] %}
    cast({{ number }} as double) as {{ number }},
    {%- endfor %}
    cast(payment_count as bigint) as payment_count,
    cast(undated_payment_count as bigint) as undated_payment_count,
    undated_payment_count > 0 and undated_payment_count = payment_count as are_days_unknown,
    missing_rate_count,
    history_days,
    is_countback_beyond_history,
    month,
    as_of_date
from final
