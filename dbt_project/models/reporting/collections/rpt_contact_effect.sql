-- Grain: one row per channel (call: a connected conversation of the call tracker with the account; the others are channels of
-- reminders) and age band, `all` for all ages: the hazard of payment in the days after a contact beside that of overdue
-- debts of the same age, size and payer's habit without one (K22, N2, N3).
-- Days are counted, not debts: a debt that is called on its tenth day overdue stands nine days without a call and then as many
-- after it as the window is long. Of the day of the contact itself nobody knows what came first: it is on neither side. The
-- ratio is Mantel and Haenszel's over the strata of age (in pieces of contact_age_days), size and habit in which both sides have
-- days (1959; of person-time Rothman and Boice 1979), with the interval of Greenland and Robins (1985). It is a comparison, no experiment.
-- Days before the first call, and after the last day that calls are told of, are no days without a call: nobody knows.
with run as (
    select
        as_of_date,
        cast({{ parameter('dunning_window_middle') }} as integer) as window_days,
        cast({{ parameter('dunning_min_untouched') }} as integer) as least_invoices,
        cast({{ parameter('confidence_z') }} as double) as z
    from {{ ref('int_run_dated') }}
),

debt_days as (
    select debts.*, debts.is_dated and debts.size_band is not null and accounts.is_named as is_counted
    from {{ ref('fct_debt_exposures') }} as debts
    inner join {{ ref('dim_accounts') }} as accounts on debts.account_id = accounts.account_id
),

payment_days as (
    select distinct invoice_id, instalment_number, settlement_date as paid_on
    from {{ ref('fct_receivable_settlements') }}
    where event_type = 'payment' and is_dated
),

contacts as (
    select 'call' as channel, account_id, cast(null as varchar) as invoice_id, started_on as contacted_on
    from {{ ref('fct_calls') }}
    where status = 'answered' and account_id is not null and started_on is not null
    union
    select coalesce(channel, 'not_known'), cast(null as varchar), invoice_id, sent_on
    from {{ ref('fct_dunning_steps') }}
),

begun as (
    select min(started_on) as calls_from from {{ ref('fct_calls') }}
),

feed_end as (
    {{ told_until('calls') }}
),

channels as (
    select
        contacts.channel,
        case when contacts.channel = 'call' then max(begun.calls_from) end as told_from,
        case when contacts.channel = 'call' then max(feed_end.complete_until) end as told_until
    from contacts
    cross join begun
    cross join feed_end
    group by contacts.channel
),

exposures as (
    select *, {{ days_from('risk_from', 'risk_to') }} + 1 as days
    from (
        select
            channels.channel,
            debt_days.invoice_id,
            debt_days.instalment_number,
            debt_days.account_id,
            debt_days.age_band,
            debt_days.age_from_days,
            debt_days.size_band,
            debt_days.habit,
            {{ greatest_known('debt_days.risk_from', 'channels.told_from') }} as risk_from,
            {{ least_known('debt_days.risk_to', 'channels.told_until') }} as risk_to
        from debt_days
        cross join channels
        where debt_days.is_counted
    ) as told
    where risk_from <= risk_to
),

paid as (
    select exposures.channel, exposures.invoice_id, exposures.instalment_number, exposures.risk_from, payment_days.paid_on
    from exposures
    inner join payment_days
        on exposures.invoice_id = payment_days.invoice_id
        and exposures.instalment_number = payment_days.instalment_number
        and payment_days.paid_on >= exposures.risk_from
        and payment_days.paid_on <= exposures.risk_to
),

ordered as (
    select
        *,
        lag(contacted_on) over (partition by channel, account_id, invoice_id order by contacted_on) as previous_on,
        lead(contacted_on) over (partition by channel, account_id, invoice_id order by contacted_on) as next_on
    from contacts
),

-- The days of a window up to the next contact, so that no day is after two of them. The day of a contact within the window
-- of the one before is after that one.
windows as (
    select
        ordered.*,
        {{ plus_days('ordered.contacted_on', 1) }} as after_from,
        {{ least_known(plus_days('ordered.contacted_on', 'run.window_days'), 'ordered.next_on') }} as after_to,
        coalesce({{ days_from('ordered.previous_on', 'ordered.contacted_on') }} > run.window_days, true) as is_neither
    from ordered
    cross join run
),

{% set exposure = ['channel', 'invoice_id', 'instalment_number', 'risk_from', 'risk_to'] %}
{% set window = ['contacted_on', 'after_from', 'after_to', 'is_neither'] %}
met as (
    {%- for key in ['account_id', 'invoice_id'] %}
    select
        {%- for column in exposure %}
        exposures.{{ column }},
        {%- endfor %}
        {%- for column in window %}
        windows.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from exposures
    inner join windows
        on exposures.channel = windows.channel
        and exposures.{{ key }} = windows.{{ key }}
        and windows.contacted_on <= exposures.risk_to
        and windows.after_to >= exposures.risk_from
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

met_days as (
    select
        invoice_id,
        instalment_number,
        risk_from,
        channel,
        sum({{ greatest_known(
            days_from(greatest_known('risk_from', 'after_from'), least_known('risk_to', 'after_to')) ~ ' + 1', '0'
        ) }}) as days_after,
        count(*) filter (where is_neither and contacted_on >= risk_from and contacted_on <= risk_to) as days_neither
    from met
    group by invoice_id, instalment_number, risk_from, channel
),

met_payments as (
    select
        met.invoice_id,
        met.instalment_number,
        met.risk_from,
        met.channel,
        count(*) filter (where paid.paid_on >= met.after_from and paid.paid_on <= met.after_to) as payments_after,
        count(*) filter (where met.is_neither and paid.paid_on = met.contacted_on) as payments_neither
    from met
    inner join paid
        on met.channel = paid.channel
        and met.invoice_id = paid.invoice_id
        and met.instalment_number = paid.instalment_number
        and met.risk_from = paid.risk_from
    group by met.invoice_id, met.instalment_number, met.risk_from, met.channel
),

counted as (
    select channel, invoice_id, instalment_number, risk_from, count(*) as payments
    from paid
    group by channel, invoice_id, instalment_number, risk_from
),

sides as (
    select
        exposures.channel,
        exposures.age_band,
        exposures.age_from_days,
        exposures.size_band,
        exposures.habit,
        exposures.invoice_id,
        coalesce(met_days.days_after, 0) as days_after,
        exposures.days - coalesce(met_days.days_after, 0) - coalesce(met_days.days_neither, 0) as days_without,
        coalesce(met_payments.payments_after, 0) as payments_after,
        coalesce(counted.payments, 0) - coalesce(met_payments.payments_after, 0) - coalesce(met_payments.payments_neither, 0)
            as payments_without
    from exposures
    left join counted
        on exposures.channel = counted.channel
        and exposures.invoice_id = counted.invoice_id
        and exposures.instalment_number = counted.instalment_number
        and exposures.risk_from = counted.risk_from
    left join met_days
        on exposures.invoice_id = met_days.invoice_id
        and exposures.instalment_number = met_days.instalment_number
        and exposures.risk_from = met_days.risk_from
        and exposures.channel = met_days.channel
    left join met_payments
        on exposures.invoice_id = met_payments.invoice_id
        and exposures.instalment_number = met_payments.instalment_number
        and exposures.risk_from = met_payments.risk_from
        and exposures.channel = met_payments.channel
),

strata as (
    select
        channel,
        age_band,
        age_from_days,
        size_band,
        habit,
        sum(days_after) as days_after,
        sum(days_without) as days_without,
        sum(payments_after) as payments_after,
        sum(payments_without) as payments_without,
        sum(days_after) > 0 and sum(days_without) > 0 as is_compared
    from sides
    group by channel, age_band, age_from_days, size_band, habit
),

{% set levels = ['strata.age_band', "'all'"] -%}
invoices as (
    {%- for level in levels %}
    select
        strata.channel,
        {{ level }} as age_band,
        count(distinct sides.invoice_id) filter (where sides.days_after > 0) as invoices_after,
        count(distinct sides.invoice_id) filter (where sides.days_without > 0) as invoices_without
    from sides
    inner join strata
        on sides.channel = strata.channel
        and sides.age_from_days = strata.age_from_days
        and sides.size_band = strata.size_band
        and sides.habit = strata.habit
    where strata.is_compared
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

weighed as (
    {%- for level in levels %}
    select
        channel,
        {{ level }} as age_band,
        is_compared,
        days_after,
        days_without,
        payments_after,
        payments_without,
        case when is_compared then cast(days_after + days_without as double) end as days
    from strata
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        channel,
        age_band,
        {%- for name in ['days_after', 'days_without', 'payments_after', 'payments_without'] %}
        coalesce(sum({{ name }}) filter (where is_compared), 0) as {{ name }},
        {%- endfor %}
        {{ ratio('coalesce(sum(days_after) filter (where is_compared), 0)', 'sum(days_after)') }} as compared_share,
        -- Added up as decimals: a sum of floats depends on the order in which the rows come.
        {%- for name, term in {
            'weighed_after': 'payments_after * days_without / days',
            'weighed_without': 'payments_without * days_after / days',
            'weighed_variance': '(payments_after + payments_without) * days_after * days_without / (days * days)',
            'expected_payments': 'case when is_compared then cast(days_after as double) * payments_without / days_without end',
        }.items() %}
        cast(sum(cast({{ term }} as decimal(28, 12))) as double) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from weighed
    group by channel, age_band
),

left_out as (
    {%- for level in ['age_band', "'all'"] %}
    select {{ level }} as age_band, count(distinct invoice_id) filter (where not is_counted) as invoices_left_out
    from debt_days
    group by 1
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

measured as (
    select
        summed.*,
        coalesce(invoices.invoices_after, 0) as invoices_after,
        coalesce(invoices.invoices_without, 0) as invoices_without,
        left_out.invoices_left_out,
        coalesce(invoices.invoices_after, 0) >= run.least_invoices
        and coalesce(invoices.invoices_without, 0) >= run.least_invoices as is_enough,
        run.z * sqrt({{ ratio('summed.weighed_variance', 'summed.weighed_after * summed.weighed_without') }}) as spread
    from summed
    cross join run
    left join invoices on summed.channel = invoices.channel and summed.age_band = invoices.age_band
    left join left_out on summed.age_band = left_out.age_band
),

compared as (
    select
        *,
        case when is_enough then {{ ratio('100 * payments_after', 'days_after') }} end as payments_per_100_days_after,
        case when is_enough then {{ ratio('100 * expected_payments', 'days_after') }} end as payments_per_100_days_without,
        case when is_enough then {{ ratio('weighed_after', 'weighed_without') }} end as hazard_ratio
    from measured
)

select
    compared.channel,
    compared.age_band,
    cast(run.window_days as bigint) as window_days,
    cast(compared.invoices_after as bigint) as invoices_after,
    cast(compared.invoices_without as bigint) as invoices_without,
    cast(compared.invoices_left_out as bigint) as invoices_left_out,
    cast(compared.days_after as bigint) as days_after,
    cast(compared.days_without as bigint) as days_without,
    cast(compared.payments_after as bigint) as payments_after,
    cast(compared.payments_without as bigint) as payments_without,
    compared.compared_share,
    compared.payments_per_100_days_after,
    compared.payments_per_100_days_without,
    compared.hazard_ratio,
    compared.hazard_ratio * exp(-compared.spread) as low,
    compared.hazard_ratio * exp(compared.spread) as high,
    {{ reading(
        'compared.hazard_ratio is null', 'compared.hazard_ratio * exp(-compared.spread)',
        'compared.hazard_ratio * exp(compared.spread)', 1, 'sooner', 'later'
    ) }} as reading,
    'not_causal' as evidence,
    run.as_of_date
from compared
cross join run
