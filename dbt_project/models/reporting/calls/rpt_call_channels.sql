-- Grain: one row per month and source of inbound calls; a source's spellings that differ in case or blanks are one.
-- Money follows the account's first inbound call (first touch): all deals, invoices and cash of the account from that
-- day on belong to that call's source, so nothing is counted twice. Each stands in the month in which it happened. A call's
-- source is the one that was told first; what the newest export gives to each stands beside it (K10).
with run as (
    select * from {{ ref('int_run_dated') }}
),

calls as (
    select * from {{ ref('fct_calls') }} where direction = 'inbound'
),

channels as (
    select account_id, source, source_key, started_on as first_called_on from calls where is_first_touch
),

costs as (
    select * from {{ ref('fct_channel_costs') }}
),

deals as (
    select * from {{ ref('fct_deals') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

events as (
    select * from {{ ref('fct_receivable_events') }}
),

names as (
    select * from {{ ref('dim_source_names') }}
),

moved as (
    select
        calls.source,
        calls.source_key,
        calls.newest_source,
        calls.started_on,
        coalesce(names.source_key, {{ source_key('calls.newest_source') }}) as newest_key
    from calls
    left join names on {{ source_key('calls.newest_source') }} = names.name_key
    where calls.newest_source is distinct from calls.source and trim(calls.newest_source) <> ''
),

happened as (
    select
        source,
        source_key,
        started_on as happened_on,
        'call' as measure,
        status,
        client_key as caller,
        is_first_time_caller,
        is_target_call,
        is_out_of_hours,
        account_id is null as is_unmatched,
        cast(null as decimal(18, 4)) as amount,
        false as is_unpriced
    from calls
    union all
    select source, source_key, spent_on, 'cost', null, null, null, null, null, null, amount_base, amount_base is null
    from costs
    where amount is not null
    union all
    select source, source_key, started_on, 'moved', null, null, null, null, null, null, cast(-1 as decimal(18, 4)), false
    from moved
    where newest_key <> source_key
    union all
    select newest_source, newest_key, started_on, 'moved', null, null, null, null, null, null, cast(1 as decimal(18, 4)), false
    from moved
    where newest_key <> source_key
    union all
    -- C19: what web analytics counted, a form or an order that somebody sent.
    select source, source_key, spent_on, 'goal', null, null, null, null, null, null, cast(goals as decimal(18, 4)), false
    from costs
    where goals is not null
    union all
    select channels.source, channels.source_key, coalesce(deals.created_on, deals.closed_on), 'deal', null, null, null, null, null, null, null, false
    from deals
    inner join channels
        on deals.account_id = channels.account_id
        and coalesce(deals.created_on, deals.closed_on) >= channels.first_called_on
    union all
    select
        channels.source, channels.source_key, deals.closed_on, 'won', null, null, null, null, null, null,
        deals.amount_base, deals.amount_base is null
    from deals
    inner join channels
        on deals.account_id = channels.account_id
        and coalesce(deals.created_on, deals.closed_on) >= channels.first_called_on
    where deals.status = 'won'
    union all
    select
        channels.source, channels.source_key, invoices.issued_on, 'invoiced', null, null, null, null, null, null,
        invoices.sales_amount_base, invoices.sales_amount_base is null
    from invoices
    inner join channels on invoices.account_id = channels.account_id and invoices.issued_on >= channels.first_called_on
    where invoices.sales_amount <> 0
    union all
    select
        channels.source, channels.source_key, events.event_date, 'cash', null, null, null, null, null, null,
        -events.amount_base, events.amount_base is null
    from events
    inner join channels on events.account_id = channels.account_id and events.event_date >= channels.first_called_on
    where events.event_type in ('payment', 'refund', 'chargeback', 'reversal')
),

-- A month is made of calls, deals and invoices, as far as they are landed.
feed_end as (
    {{ told_until('invoices', 'deals', 'calls') }}
),

known as (
    select
        happened.*,
        {{ month_of('happened.happened_on') }} as month
    from happened
    cross join run
    where happened.happened_on <= run.as_of_date
),

labels as (
    select
        known.source_key,
        coalesce(min(names.source), min(nullif(trim(known.source), '')), 'unknown') as source
    from known
    left join names on known.source_key = names.source_key
    group by known.source_key
),

summed as (
    select
        month,
        source_key,
        count(*) filter (where measure = 'call') as calls,
        count(*) filter (where measure = 'call') + coalesce(sum(amount) filter (where measure = 'moved'), 0) as newest_calls,
        count(*) filter (where status = 'answered') as answered,
        count(*) filter (where status = 'missed') as missed,
        count(*) filter (where status = 'voicemail') as voicemail,
        count(*) filter (where status = 'abandoned') as abandoned,
        count(*) filter (where is_first_time_caller) as first_time_callers,
        -- Without the talk of every call nobody knows how many were long enough (K10).
        count(*) filter (where measure = 'call' and is_target_call is null) = 0 as is_talk_known,
        count(*) filter (where is_target_call) as target_calls,
        count(distinct caller) filter (where is_first_time_caller and is_target_call) as leads,
        count(*) filter (where is_unmatched) as unmatched_calls,
        count(*) filter (where is_out_of_hours) as out_of_hours,
        count(*) filter (where status = 'answered' and not is_out_of_hours) as answered_in_hours,
        count(*) filter (where {{ is_offered('known') }} and not is_out_of_hours) as offered_in_hours,
        count(*) filter (where measure = 'deal') as deals,
        {%- for measure, name in {'cost': 'cost', 'won': 'won_amount', 'invoiced': 'invoiced', 'cash': 'cash_applied'}.items() %}
        {{ known_amount(
            "sum(amount) filter (where measure = '" ~ measure ~ "')",
            "count(*) filter (where measure = '" ~ measure ~ "' and is_unpriced)"
        ) }} as {{ name }},
        {%- endfor %}
        sum(amount) filter (where measure = 'goal') as goals,
        count(*) filter (where measure = 'cost') as costs,
        count(*) filter (where measure = 'cost' and is_unpriced) as unpriced_costs,
        count(*) filter (where is_unpriced) as missing_rate_count
    from known
    group by month, source_key
)

select
    summed.month,
    labels.source,
    run.base_currency,
    cast(summed.calls as integer) as calls,
    cast(summed.newest_calls as integer) as newest_calls,
    cast(summed.answered as integer) as answered,
    cast(summed.missed as integer) as missed,
    cast(summed.voicemail as integer) as voicemail,
    cast(summed.abandoned as integer) as abandoned,
    cast(summed.first_time_callers as integer) as first_time_callers,
    cast(case when summed.is_talk_known then summed.target_calls end as integer) as target_calls,
    cast(case when summed.is_talk_known then summed.leads end as integer) as leads,
    cast(summed.unmatched_calls as integer) as unmatched_calls,
    cast(summed.out_of_hours as integer) as out_of_hours,
    cast(summed.answered_in_hours as integer) as answered_in_hours,
    cast(summed.offered_in_hours as integer) as offered_in_hours,
    cast(summed.answered_in_hours as double) / nullif(summed.offered_in_hours, 0) as answer_rate,
    {{ money('case when summed.costs > 0 then summed.cost end') }} as cost,
    {{ money(
        'case when summed.costs > 0 and summed.unpriced_costs = 0 and summed.is_talk_known then '
        ~ ratio('summed.cost', 'summed.leads') ~ ' end'
    ) }} as cost_per_lead,
    cast(summed.goals as bigint) as goals,
    {{ money(
        'case when summed.costs > 0 and summed.unpriced_costs = 0 then ' ~ ratio('summed.cost', 'summed.goals') ~ ' end'
    ) }} as cost_per_goal,
    cast(summed.deals as integer) as deals,
    {{ money('summed.won_amount') }} as won_amount,
    {{ money('summed.invoiced') }} as invoiced,
    {{ money('summed.cash_applied') }} as cash_applied,
    cast(summed.missing_rate_count as integer) as missing_rate_count,
    {{ is_told(month_end_of('summed.month'), 'feed_end') }} as is_complete
from summed
cross join run
cross join feed_end
inner join labels on summed.source_key = labels.source_key
