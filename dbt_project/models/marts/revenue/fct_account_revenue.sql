-- Grain: one row per account, basis (mrr, invoiced) and month in which it had revenue, had it in the two years
-- before, or was not paused. Revenue is that of the month: what its subscriptions are worth a month at the month's
-- end (V2), or its invoices net of tax less credit notes (V1). Everything is in the base currency: invoices at their
-- day's rate, subscriptions at the month end's. What the month is compared with is restated at the same rates, so
-- that a rate moves currency_effect and nothing else. In the as-of month, unless it is over, the month's end is the
-- as-of date. A year is the trailing 12 months up to that end (year_revenue is what reporting calls revenue_12m). An amount
-- of which nothing has a rate or a price is unknown, of which something has is what is known of it (unknown_count). What
-- names no customer is revenue, and nobody who could be won, kept or lost by it: it opens and closes at nothing.
with run as (
    select * from {{ ref('int_run_dated') }}
),

months as (
    select distinct
        dates.month,
        dates.month_end,
        {{ month_number('dates.month') }} as month_number,
        {{ least_known('dates.month_end', 'run.as_of_date') }} as measured_on,
        run.base_currency
    from {{ ref('dim_dates') }} as dates
    cross join run
    where dates.day <= run.as_of_date
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

feeds as (
    select case feed when 'subscriptions' then 'mrr' when 'invoices' then 'invoiced' end as basis, complete_until
    from {{ ref('fct_feed_ends') }}
),

states as (
    select account_id, is_named, invoice_gap_days from {{ ref('fct_account_states') }}
),

-- A subscription without a first day may run in any month: it is worth nothing that is known, and is counted.
subscriptions as (
    select
        account_id,
        currency,
        valid_from,
        valid_to,
        case when valid_from is not null then monthly_amount end as monthly_amount
    from {{ ref('fct_subscription_periods') }}
),

subscribed as (
    select
        'mrr' as basis,
        subscriptions.account_id,
        subscriptions.currency,
        months.month,
        0 as is_late,
        coalesce(subscriptions.monthly_amount, 0) as amount,
        case
            when subscriptions.monthly_amount is not null then {{ money('subscriptions.monthly_amount * rates.rate') }}
        end as amount_base,
        case when subscriptions.monthly_amount is null then 1 else 0 end as unpriced,
        0 as invoices,
        cast(null as date) as invoiced_on
    from subscriptions
    inner join months
        on months.measured_on >= coalesce(subscriptions.valid_from, months.measured_on)
        and months.measured_on <= coalesce(subscriptions.valid_to, {{ end_of_time() }})
    left join rates on subscriptions.currency = rates.currency and months.measured_on = rates.rate_date
),

invoiced as (
    select
        'invoiced' as basis,
        invoices.account_id,
        invoices.currency,
        {{ month_of('invoices.issued_on') }} as month,
        case when extract(day from invoices.issued_on) > extract(day from run.as_of_date) then 1 else 0 end as is_late,
        invoices.revenue_amount as amount,
        invoices.revenue_amount_base as amount_base,
        case when invoices.revenue_amount is null then 1 else 0 end as unpriced,
        case when invoices.document_kind = 'invoice' then 1 else 0 end as invoices,
        case when invoices.document_kind <> 'credit_note' then invoices.issued_on end as invoiced_on
    from {{ ref('fct_invoices') }} as invoices
    cross join run
    where not invoices.is_void and not invoices.is_draft and invoices.issued_on is not null
        and invoices.document_kind in ('invoice', 'debit_note', 'credit_note')
),

amounts as (
    select
        basis,
        account_id,
        currency,
        month,
        coalesce(sum(amount), 0) as amount,
        coalesce(sum(amount_base), 0) as amount_base,
        coalesce(sum(abs(amount)) filter (where amount_base is not null), 0) as parts,
        coalesce(sum(abs(amount_base)), 0) as parts_base,
        -- Of the days of the month after the as-of date's: what the trailing 12 months of the as-of date begin with.
        coalesce(sum(amount * is_late), 0) as late_amount,
        coalesce(sum(amount_base * is_late), 0) as late_amount_base,
        coalesce(sum(abs(amount) * is_late) filter (where amount_base is not null), 0) as late_parts,
        coalesce(sum(abs(amount_base) * is_late), 0) as late_parts_base,
        coalesce(sum(is_late) filter (where amount <> 0 and amount_base is null), 0) as late_missing_rate_count,
        sum(unpriced * is_late) as late_unpriced,
        sum(invoices) as invoices,
        sum(invoices * is_late) as late_invoices,
        max(invoiced_on) as invoiced_on,
        count(*) filter (where amount <> 0 and amount_base is null) as missing_rate_count,
        sum(unpriced) as unpriced
    from (select * from subscribed union all select * from invoiced) as both_bases
    group by basis, account_id, currency, month
),

-- Numbers stand for an account in a basis, and for that in a currency: what follows sorts by them.
numbered as (
    select basis, account_id, row_number() over (order by basis, account_id) as account_number
    from (select distinct basis, account_id from amounts) as accounts
),

-- Every month from the currency's first on: a window of twelve rows is a year.
spans as (
    select
        numbered.account_number,
        amounts.basis,
        amounts.account_id,
        amounts.currency,
        row_number() over (order by numbered.account_number, amounts.currency) as span_number,
        min(amounts.month) as first_month
    from amounts
    inner join numbered on amounts.basis = numbered.basis and amounts.account_id = numbered.account_id
    group by numbered.account_number, amounts.basis, amounts.account_id, amounts.currency
),

{%- set trailing = ['amount', 'amount_base', 'parts', 'parts_base', 'missing_rate_count', 'unpriced', 'invoices'] %}
dense as (
    select
        spans.span_number,
        spans.account_number,
        spans.basis,
        spans.currency,
        months.month,
        months.measured_on,
        months.measured_on < months.month_end as is_running,
        {%- for column in trailing %}
        coalesce(amounts.{{ column }}, 0) as {{ column }},
        coalesce(amounts.late_{{ column }}, 0) as late_{{ column }},
        {%- endfor %}
        amounts.invoiced_on
    from spans
    inner join months on months.month >= spans.first_month
    left join amounts
        on spans.basis = amounts.basis and spans.account_id = amounts.account_id
        and spans.currency = amounts.currency and months.month = amounts.month
),

{%- set by_month = 'partition by span_number order by month' %}
{%- set year = by_month ~ ' rows between 11 preceding and current row' %}
{%- set earlier_year = by_month ~ ' rows between 23 preceding and 12 preceding' %}
-- Trailing 12 months end with measured_on: in a month that runs they begin in the month of the same name a year before,
-- after the same day.
looked_back as (
    select
        *,
        lag(amount, 1, 0) over ({{ by_month }}) as earlier,
        lag(unpriced, 1, 0) over ({{ by_month }}) as earlier_unpriced,
        {%- for column in trailing %}
        case
            when basis = 'mrr' then {{ column }}
            else sum({{ column }}) over ({{ year }})
                + case when is_running then lag(late_{{ column }}, 12, 0) over ({{ by_month }}) else 0 end
        end as year_{{ column }},
        {%- endfor %}
        case
            when basis = 'mrr' then lag(amount, 12, 0) over ({{ by_month }})
            else coalesce(sum(amount) over ({{ earlier_year }}), 0) + case
                when is_running
                    then lag(late_amount, 24, 0) over ({{ by_month }}) - lag(late_amount, 12, 0) over ({{ by_month }})
                else 0
            end
        end as year_earlier,
        case
            when basis = 'mrr' then lag(unpriced, 12, 0) over ({{ by_month }})
            else coalesce(sum(unpriced) over ({{ earlier_year }}), 0)
        end as year_earlier_unpriced
    from dense
),

-- Unknown where a part of what came later has no rate, or one of the two no price: less of it is known, not less of it sold.
compared as (
    select
        looked_back.*,
        case
            when missing_rate_count + unpriced + earlier_unpriced = 0
                then {{ restated('earlier', 'amount', 'amount_base', 'parts', 'parts_base', 'rates.rate') }}
        end as opening,
        case
            when year_missing_rate_count + year_unpriced + year_earlier_unpriced = 0 then {{ restated(
                'year_earlier', 'year_amount', 'year_amount_base', 'year_parts', 'year_parts_base', 'rates.rate'
            ) }}
        end as year_opening
    from looked_back
    left join rates on looked_back.currency = rates.currency and looked_back.measured_on = rates.rate_date
),

-- An account in two currencies is one account; below zero it has no revenue that it could keep or lose. Where the
-- comparison is unknown in one of them, so it is of the account: it opened with what it closed with, and nothing is
-- said of it.
summed as (
    select
        account_number,
        basis,
        month,
        {{ money('sum(amount_base)') }} as revenue,
        {{ money(greatest_known('sum(amount_base)', '0')) }} as closing_revenue,
        {{ money(greatest_known(
            'case when count(opening) = count(*) then sum(opening) else sum(amount_base) end', '0'
        )) }}
            as opening_revenue,
        {{ money('sum(year_amount_base)') }} as year_revenue,
        {{ money(greatest_known('sum(year_amount_base)', '0')) }} as year_closing_revenue,
        {{ money(greatest_known(
            'case when count(year_opening) = count(*) then sum(year_opening) else sum(year_amount_base) end',
            '0'
        )) }}
            as year_opening_revenue,
        count(opening) = count(*) as is_comparable,
        count(year_opening) = count(*) as is_year_comparable,
        max(case when amount > 0 then 1 else 0 end) as is_positive,
        sum(invoices) as invoices,
        sum(year_invoices) as invoices_12m,
        sum(year_missing_rate_count) as year_missing_rate_count,
        max(invoiced_on) as invoiced_on,
        sum(missing_rate_count)
        + count(*) filter (where missing_rate_count + unpriced + earlier_unpriced = 0 and opening is null)
            as missing_rate_count,
        sum(unpriced) as unpriced,
        sum(missing_rate_count + unpriced) as unknown_count,
        sum(year_missing_rate_count + year_unpriced) as year_unknown_count,
        sum(year_missing_rate_count) + count(*) filter (
            where year_missing_rate_count + year_unpriced + year_earlier_unpriced = 0 and year_opening is null
        ) as year_missing_count
    from compared
    group by account_number, basis, month
),

{%- set by_account = 'partition by account_number order by month' %}
followed as (
    select
        *,
        min(month) over (partition by account_number) as first_month,
        min(case when is_positive = 1 then month end) over (partition by account_number) as first_paid_month,
        lag(closing_revenue, 1, 0) over ({{ by_account }}) as closed_before,
        lag(unknown_count, 1, 0) over ({{ by_account }}) as unknown_before,
        max(invoiced_on) over ({{ by_account }}) as last_invoice_on
    from summed
),

statuses as (
    select
        followed.*,
        numbered.account_id,
        states.is_named,
        months.month_end,
        months.measured_on,
        months.base_currency,
        months.month_number - {{ month_number('followed.first_paid_month') }} as months_of_history,
        case
            when states.is_named
                then {{ account_status(days_from('followed.last_invoice_on', 'months.measured_on'), 'states.invoice_gap_days') }}
        end as invoice_status
    from followed
    inner join months on followed.month = months.month
    inner join numbered on followed.account_number = numbered.account_number
    left join states on numbered.account_id = states.account_id
),

moved as (
    select
        *,
        lag(invoice_status) over ({{ by_account }}) as opening_invoice_status,
        case
            when is_named and is_comparable then {{ movement('opening_revenue', 'closing_revenue',
                'months_of_history >= ' ~ parameter('reactivation_min_months')) }}
        end as movement,
        case
            when is_named and is_year_comparable
                then {{ movement('year_opening_revenue', 'year_closing_revenue', 'months_of_history >= 12') }}
        end as year_movement
    from statuses
),

contracts as (
    select account_id, month
    from statuses
    where basis = 'mrr' and is_named and (opening_revenue > 0 or closing_revenue > 0 or unknown_count > 0 or not is_comparable)
),

rated as (
    select
        *,
        {{ known_amount('revenue', 'unknown_count') }} as known_revenue,
        {{ known_amount('opening_revenue', 'case when is_comparable then 0 else 1 end') }} as known_opening,
        {{ known_amount('closing_revenue', 'unknown_count') }} as known_closing,
        {{ known_amount('closed_before', 'unknown_before') }} as known_before,
        {{ known_amount('year_revenue', 'year_unknown_count') }} as known_year_revenue,
        {{ known_amount('year_opening_revenue', 'case when is_year_comparable then 0 else 1 end') }}
            as known_year_opening,
        {{ known_amount('year_closing_revenue', 'year_unknown_count') }} as known_year_closing
    from moved
)

select
    rated.account_id,
    owners.employee_id as owner_id,
    rated.basis,
    rated.base_currency,
    rated.movement,
    rated.year_movement,
    rated.invoice_status,
    rated.opening_invoice_status,
    {{ money('rated.known_revenue') }} as revenue,
    {{ money('case when rated.is_named then rated.known_opening else 0 end') }} as opening_revenue,
    {{ money('case when rated.is_named then rated.known_closing else 0 end') }} as closing_revenue,
    {{ money('case when rated.is_named then rated.known_opening - rated.known_before else 0 end') }} as currency_effect,
    {{ money('rated.known_year_revenue') }} as year_revenue,
    {{ money('case when rated.is_named then rated.known_year_opening else 0 end') }} as year_opening_revenue,
    {{ money('case when rated.is_named then rated.known_year_closing else 0 end') }} as year_closing_revenue,
    cast(rated.invoices as bigint) as invoices,
    cast(rated.invoices_12m as bigint) as invoices_12m,
    cast(rated.months_of_history as bigint) as months_of_history,
    cast(rated.missing_rate_count as bigint) as missing_rate_count,
    cast(rated.year_missing_rate_count as bigint) as year_missing_rate_count,
    cast(rated.unpriced as bigint) as unpriced_count,
    cast(rated.unknown_count as bigint) as unknown_count,
    cast(rated.year_unknown_count as bigint) as year_unknown_count,
    cast(rated.year_missing_count as bigint) as year_missing_count,
    contracts.account_id is not null as is_contract,
    rated.is_named,
    rated.measured_on = rated.month_end and coalesce(rated.month_end <= feeds.complete_until, false) as is_complete,
    rated.month,
    rated.first_month,
    rated.measured_on
from rated
left join feeds on rated.basis = feeds.basis
left join contracts on rated.account_id = contracts.account_id and rated.month = contracts.month
left join owners
    on rated.account_id = owners.account_id
    and {{ holds_on('owners', 'rated.measured_on') }}
where rated.revenue <> 0 or rated.opening_revenue <> 0 or rated.closed_before <> 0 or rated.invoices_12m > 0
    or rated.year_revenue <> 0 or rated.year_opening_revenue <> 0 or rated.missing_rate_count > 0
    or rated.unpriced > 0 or rated.year_missing_count > 0
    or rated.invoice_status = 'active' or rated.opening_invoice_status = 'active'
