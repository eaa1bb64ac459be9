-- Grain: one row per step of dunning, channel and window of days (R26): the cash that came within the window after the step
-- over what was open at the step, beside the same of invoices of the same age and size that got no reminder then.
-- Counted are steps whose window is over, that no other step of the invoice precedes within the window, and at which no
-- promise was in force. A band of age and size with fewer than dunning_min_untouched invoices without a reminder is not
-- compared, and the difference is that of the compared part alone. Money is in the base currency at the rate of the step's day, so that rates move no share.
with run as (
    select
        as_of_date,
        base_currency,
        cast({{ parameter('dunning_usual_share') }} as double) as usual_share,
        cast({{ parameter('confidence_z') }} as double) as z
    from {{ ref('int_run_dated') }}
),

windows as (
    select distinct cast(value as integer) as window_days
    from {{ ref('parameters') }}
    where parameter in ('dunning_window_short', 'dunning_window_middle', 'dunning_window_long')
),

steps as (
    select *, cast({{ aging_bucket('days_overdue') }} as varchar) as age_band
    from {{ ref('fct_dunning_steps') }}
    where open_amount > 0
),

intervals as (
    select *
    from {{ ref('fct_receivable_intervals') }}
    -- Whom would one remind of what names no customer? It is no comparison.
    where open_amount > 0
        and account_id not in (select account_id from {{ ref('dim_accounts') }} where not is_named)
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

cash_events as (
    select invoice_id, event_date, -amount as amount
    from {{ ref('fct_receivable_events') }}
    where event_type in ('payment', 'refund', 'chargeback', 'reversal')
),

-- The stretches of days on which a promise about an invoice was in force.
promised as (
    select invoice_id, made_on, coalesce(closed_on, kept_by) as in_force_to
    from {{ ref('fct_promises') }}
    where invoice_id is not null
    union all
    select invoices.invoice_id, promises.made_on, coalesce(promises.closed_on, promises.kept_by)
    from {{ ref('fct_promises') }} as promises
    inner join {{ ref('fct_invoices') }} as invoices
        on promises.customer_id = invoices.customer_id and promises.currency = invoices.currency
    where promises.invoice_id is null
),

promised_steps as (
    select distinct steps.dunning_id, steps.invoice_id
    from steps
    inner join promised
        on steps.invoice_id = promised.invoice_id
        and steps.sent_on >= promised.made_on
        and steps.sent_on <= coalesce(promised.in_force_to, {{ end_of_time() }})
),

-- Sizes are told by the open amounts of the steps themselves: small, medium and large thirds.
size_edges as (
    {{ size_edges('steps', 'open_amount_base') }}
),

-- The age at which a step's comparison begins: the one by which most of such steps were sent, so that an invoice whose
-- reminder went out a weekend later is not taken for one that got none.
compared_ages as (
    select step, channel, age_band, max(days_overdue) filter (where place <= ceil(steps * usual_share)) as age
    from (
        select
            steps.step,
            steps.channel,
            steps.age_band,
            steps.days_overdue,
            run.usual_share,
            row_number() over (
                partition by steps.step, steps.channel, steps.age_band order by steps.days_overdue
            ) as place,
            count(*) over (partition by steps.step, steps.channel, steps.age_band) as steps
        from steps
        cross join run
    ) as placed
    group by step, channel, age_band
),

considered as (
    select
        steps.*,
        windows.window_days,
        {{ size_band('steps.open_amount_base', 'size_edges') }} as size_band,
        steps.open_amount_base is null as has_no_rate,
        {{ plus_days('steps.sent_on', 'windows.window_days') }} <= run.as_of_date
        and coalesce(steps.days_since_previous > windows.window_days, true)
        and promised_steps.dunning_id is null as is_counted
    from steps
    cross join windows
    cross join run
    cross join size_edges
    left join promised_steps
        on steps.dunning_id = promised_steps.dunning_id and steps.invoice_id = promised_steps.invoice_id
),

treated as (
    select
        considered.dunning_id,
        considered.invoice_id,
        considered.step,
        considered.channel,
        considered.window_days,
        considered.age_band,
        considered.size_band,
        considered.open_amount_base as open_amount,
        {{ cash_within('considered.open_amount', 'considered.rate') }} as cash_amount
    from considered
    left join cash_events
        on considered.invoice_id = cash_events.invoice_id
        and cash_events.event_date > considered.sent_on
        and cash_events.event_date <= {{ plus_days('considered.sent_on', 'considered.window_days') }}
    where considered.is_counted and not considered.has_no_rate
    group by
        considered.dunning_id, considered.invoice_id, considered.step, considered.channel, considered.window_days,
        considered.age_band, considered.size_band, considered.open_amount_base, considered.open_amount, considered.rate
),

-- What was open at that age, reminded or not.
candidates as (
    select
        ages.age,
        intervals.invoice_id,
        intervals.instalment_number,
        intervals.currency,
        intervals.open_amount,
        {{ plus_days('intervals.due_on', 'ages.age') }} as compared_on
    from intervals
    inner join (select distinct age from compared_ages) as ages
        on {{ plus_days('intervals.due_on', 'ages.age') }} >= intervals.valid_from
        and {{ plus_days('intervals.due_on', 'ages.age') }} < intervals.valid_to
),

-- A candidate is untouched without a reminder shortly before and without a promise in force. Both are gathered by a union:
-- two left joins and a filter on what they miss would be told shorter, but DuckDB 2.0.0 orders those joins wrongly and
-- loses the rows that miss.
marked as (
    select
        age,
        invoice_id,
        instalment_number,
        currency,
        open_amount,
        compared_on,
        max(reminded_on) as reminded_on,
        max(promises) as promises
    from (
        select *, cast(null as date) as reminded_on, 0 as promises from candidates
        union all
        select candidates.*, steps.sent_on, 0
        from candidates
        inner join {{ ref('fct_dunning_steps') }} as steps
            on candidates.invoice_id = steps.invoice_id and candidates.compared_on >= steps.sent_on
        union all
        select candidates.*, null, 1
        from candidates
        inner join promised
            on candidates.invoice_id = promised.invoice_id
            and candidates.compared_on >= promised.made_on
            and candidates.compared_on <= coalesce(promised.in_force_to, {{ end_of_time() }})
    ) as found
    group by age, invoice_id, instalment_number, currency, open_amount, compared_on
),

untouched as (
    select
        marked.age,
        marked.invoice_id,
        marked.instalment_number,
        marked.compared_on,
        windows.window_days,
        {{ size_band(money('marked.open_amount * rates.rate'), 'size_edges') }} as size_band,
        marked.open_amount,
        rates.rate
    from marked
    cross join windows
    cross join run
    cross join size_edges
    inner join rates on marked.currency = rates.currency and marked.compared_on = rates.rate_date
    where {{ plus_days('marked.compared_on', 'windows.window_days') }} <= run.as_of_date
        and coalesce({{ days_from('marked.reminded_on', 'marked.compared_on') }} > windows.window_days, true)
        and marked.promises = 0
),

untouched_cash as (
    select
        untouched.age,
        untouched.window_days,
        untouched.size_band,
        {{ money('untouched.open_amount * untouched.rate') }} as open_amount,
        {{ cash_within('untouched.open_amount', 'untouched.rate') }} as cash_amount
    from untouched
    left join cash_events
        on untouched.invoice_id = cash_events.invoice_id
        and cash_events.event_date > untouched.compared_on
        and cash_events.event_date <= {{ plus_days('untouched.compared_on', 'untouched.window_days') }}
    group by
        untouched.age, untouched.invoice_id, untouched.instalment_number, untouched.compared_on, untouched.window_days,
        untouched.size_band, untouched.open_amount, untouched.rate
),

-- A few invoices say nothing of what would have come without a reminder.
untouched_rates as (
    select
        age,
        window_days,
        size_band,
        count(*) as invoices,
        {{ ratio('sum(cash_amount)', 'sum(open_amount)') }} as rate
    from untouched_cash
    group by age, window_days, size_band
    having count(*) >= {{ parameter('dunning_min_untouched') }}
),

bands as (
    select
        step, channel, window_days, age_band, size_band,
        count(*) as steps,
        sum(open_amount) as open_amount,
        sum(cash_amount) as cash_amount,
        sum(cast(open_amount as decimal(28, 4)) * open_amount) as squared_amount
    from treated
    group by step, channel, window_days, age_band, size_band
),

-- Each band of the steps beside the untouched invoices of that band: so both have the same ages and sizes.
compared as (
    select
        bands.*,
        case when untouched_rates.rate is not null then bands.open_amount end as compared_amount,
        case when untouched_rates.rate is not null then bands.cash_amount end as compared_response,
        {{ money('bands.open_amount * untouched_rates.rate') }} as compared_cash,
        untouched_rates.invoices as compared_invoices
    from bands
    inner join compared_ages
        on bands.step = compared_ages.step
        and bands.channel is not distinct from compared_ages.channel
        and bands.age_band = compared_ages.age_band
    left join untouched_rates
        on compared_ages.age = untouched_rates.age
        and bands.window_days = untouched_rates.window_days
        and bands.size_band = untouched_rates.size_band
),

summed as (
    select
        step,
        channel,
        window_days,
        sum(steps) as steps,
        sum(open_amount) as open_amount,
        sum(cash_amount) as cash_amount,
        {{ ratio('sum(cash_amount)', 'sum(open_amount)') }} as rate,
        -- Kish's effective number: one large amount among small ones is worth little more than one observation.
        {{ ratio('power(cast(sum(open_amount) as double), 2)', 'sum(squared_amount)') }} as effective_steps,
        {{ ratio('sum(compared_cash)', 'sum(compared_amount)') }} as comparison_rate,
        {{ ratio('sum(compared_response)', 'sum(compared_amount)') }} as compared_rate,
        {{ ratio('coalesce(sum(compared_amount), 0)', 'sum(open_amount)') }} as comparison_share,
        sum(compared_invoices) as comparison_invoices
    from compared
    group by step, channel, window_days
),

keys as (
    select
        step,
        channel,
        window_days,
        count(*) filter (where not is_counted) as left_out,
        count(*) filter (where is_counted and has_no_rate) as missing_rate_count
    from considered
    group by step, channel, window_days
)

select
    keys.step,
    keys.channel,
    cast(keys.window_days as bigint) as window_days,
    run.base_currency,
    cast(coalesce(summed.steps, 0) as bigint) as steps,
    cast(keys.left_out as bigint) as steps_left_out,
    cast(keys.missing_rate_count as bigint) as missing_rate_count,
    {{ money_sum(known_amount('summed.open_amount', 'keys.missing_rate_count')) }} as open_at_step,
    {{ money_sum(known_amount('summed.cash_amount', 'keys.missing_rate_count')) }} as cash_after,
    summed.rate,
    {{ wilson('summed.rate', 'summed.effective_steps', 'run.z', '-') }} as low,
    {{ wilson('summed.rate', 'summed.effective_steps', 'run.z', '+') }} as high,
    summed.effective_steps,
    summed.comparison_rate,
    summed.compared_rate - summed.comparison_rate as difference,
    summed.comparison_share,
    cast(coalesce(summed.comparison_invoices, 0) as bigint) as comparison_invoices,
    run.as_of_date
from keys
cross join run
left join summed
    on keys.step = summed.step
    and keys.channel is not distinct from summed.channel
    and keys.window_days = summed.window_days
