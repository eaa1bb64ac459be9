-- Grain: one row per month, source (with its kind) and model of attribution: what the touches of that month brought by now
-- (K21, N1, N14), beside what the source cost in it. Each deal and each amount of the ledger is given to touches by
-- fct_credited_touches and stands in exactly one row of each model, or, linear, in parts that sum to it to the last
-- digit; what no touch was before stands as no_touch in the month of the sale, what has no account as no_account.
with credited as (
    select * from {{ ref('fct_credited_touches') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

-- A month is made of calls, deals and invoices, as far as they are landed.
feed_end as (
    {{ told_until('invoices', 'deals', 'calls') }}
),

calls as (
    select * from {{ ref('fct_calls') }} where direction = 'inbound' and started_on is not null
),

leads as (
    select * from {{ ref('fct_leads') }}
),

costs as (
    select * from {{ ref('fct_channel_costs') }} where amount is not null
),

deals as (
    select deals.*, {{ deal_sold_on('deals') }} as sold_on
    from {{ ref('fct_deals') }} as deals
    where {{ deal_sold_on('deals') }} is not null
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

events as (
    select * from {{ ref('fct_receivable_events') }}
),

models as (
    select model from (values ('first'), ('last'), ('last_non_direct'), ('linear')) as models (model)
),

happened as (
    select
        account_id,
        sold_on,
        'deal' as measure,
        created_on as happened_on,
        cast(1 as decimal(18, 4)) as amount,
        false as is_unpriced
    from deals
    union all
    select account_id, sold_on, 'won', closed_on, amount_base, amount_base is null
    from deals
    where status = 'won'
    union all
    select
        events.account_id,
        {{ event_sold_on('events', 'deals') }},
        case
            when events.event_type in ('invoice', 'debit_note', 'credit_note') then 'invoiced'
            when events.event_type in ('write_off', 'recovery') then 'written_off'
            else 'cash'
        end,
        events.event_date,
        case when events.event_type in ('invoice', 'debit_note', 'credit_note') then events.amount_base else -events.amount_base end,
        events.amount_base is null
    from events
    left join invoices on events.invoice_id = invoices.invoice_id
    left join deals on invoices.deal_id = deals.deal_id
),

-- Parts are cut where they end, so that they sum to the whole.
given as (
    select
        models.model,
        case
            when happened.account_id is null then 'no_account'
            when credited.source_key is null then 'no_touch'
            when credited.source_key = 'unknown' then 'unknown'
            else 'named'
        end as source_kind,
        credited.source_key,
        {{ month_of('coalesce(credited.touched_on, happened.sold_on)') }} as month,
        happened.measure,
        {{ month_of('happened.happened_on') }} as happened_month,
        case
            when credited.part < credited.parts then {{ money('round(happened.amount * credited.part / credited.parts, 4)') }}
            else happened.amount
        end
        - {{ money('round(happened.amount * (coalesce(credited.part, 1) - 1) / coalesce(credited.parts, 1), 4)') }} as amount,
        happened.is_unpriced
    from happened
    cross join models
    left join credited
        on happened.account_id = credited.account_id
        and happened.sold_on = credited.sold_on
        and models.model = credited.model
),

callers as (
    select
        source_key,
        {{ month_of('started_on') }} as month,
        count(*) filter (where is_target_call is null) as unknown_calls,
        count(distinct case when is_first_time_caller and is_target_call then client_key end) as callers
    from calls
    group by 1, 2
),

forms as (
    select
        source_key,
        {{ month_of('created_on') }} as month,
        count(*) as forms
    from leads
    group by 1, 2
),

spent as (
    select
        source_key,
        {{ month_of('spent_on') }} as month,
        {{ known_amount('sum(amount_base)', 'count(*) filter (where amount_base is null)') }} as cost,
        count(*) filter (where amount_base is null) as unpriced_costs
    from costs
    group by 1, 2
),

money_months as (
    select
        model,
        source_kind,
        source_key,
        month,
        happened_month,
        sum(amount) filter (where measure = 'deal') as deals,
        {%- for measure, name in {'won': 'won_amount', 'invoiced': 'invoiced', 'cash': 'cash_applied', 'written_off': 'written_off'}.items() %}
        sum(amount) filter (where measure = '{{ measure }}') as {{ name }},
        count(*) filter (where measure = '{{ measure }}' and is_unpriced) as {{ name }}_unpriced,
        {%- endfor %}
        count(*) filter (where is_unpriced) as unpriced
    from given
    group by model, source_kind, source_key, month, happened_month
),

money_totals as (
    select
        model,
        source_kind,
        source_key,
        month,
        sum(deals) as deals,
        {%- for name in ['won_amount', 'invoiced', 'cash_applied', 'written_off'] %}
        {{ known_total(name, name ~ '_unpriced') }} as {{ name }},
        {%- endfor %}
        sum(cash_applied_unpriced) as unpriced_cash,
        sum(unpriced) as unpriced
    from money_months
    group by model, source_kind, source_key, month
),

places as (
    select model, source_kind, source_key, month from money_totals
    union
    select models.model, case when found.source_key = 'unknown' then 'unknown' else 'named' end, found.source_key, found.month
    from (
        select source_key, month from callers
        union
        select source_key, month from forms
        union
        select source_key, month from spent
    ) as found
    cross join models
),

-- When the cash of the month's touches had reached what the source cost in it, and did not fall below it again.
gathered as (
    select
        money_months.model,
        money_months.source_key,
        money_months.month,
        money_months.happened_month,
        spent.cost,
        sum(coalesce(money_months.cash_applied, 0)) over (
            partition by money_months.model, money_months.source_key, money_months.month
            order by money_months.happened_month
        ) as cash_so_far
    from money_months
    inner join spent on money_months.source_key = spent.source_key and money_months.month = spent.month
    where money_months.happened_month is not null and spent.cost > 0 and spent.unpriced_costs = 0
),

short as (
    select model, source_key, month, max(happened_month) as short_month
    from gathered
    where cash_so_far < cost
    group by model, source_key, month
),

paid_back as (
    select gathered.model, gathered.source_key, gathered.month, min(gathered.happened_month) as paid_back_month
    from gathered
    left join short
        on gathered.model = short.model and gathered.source_key = short.source_key and gathered.month = short.month
    where gathered.happened_month > short.short_month or short.short_month is null
    group by gathered.model, gathered.source_key, gathered.month
),

labels as (
    select source_key, coalesce(min(listed), min(nullif(trim(source), ''))) as source
    from (
        select source_key, source, cast(null as varchar) as listed from calls
        union
        select source_key, lead_source, null from leads
        union
        select source_key, source, null from costs
        union
        select source_key, null, source from {{ ref('dim_source_names') }}
    ) as named
    group by source_key
)

select
    places.month,
    places.source_kind,
    coalesce(labels.source, places.source_key, places.source_kind) as source,
    places.model,
    run.base_currency,
    case
        when callers.unknown_calls > 0 then null
        when places.source_kind in ('named', 'unknown') then coalesce(callers.callers, 0) + coalesce(forms.forms, 0)
    end as leads,
    coalesce(money_totals.deals, 0) as deals,
    {%- for name in ['won_amount', 'invoiced', 'cash_applied', 'written_off'] %}
    {{ money("case when money_totals.month is null then 0 else money_totals." ~ name ~ " end") }} as {{ name }},
    {%- endfor %}
    {{ money('spent.cost') }} as cost,
    case
        when spent.unpriced_costs = 0 and coalesce(callers.unknown_calls, 0) = 0
            then {{ money(ratio('spent.cost', 'coalesce(callers.callers, 0) + coalesce(forms.forms, 0)')) }}
    end as cost_per_lead,
    case when spent.unpriced_costs = 0 then {{ money(ratio('spent.cost', 'money_totals.deals')) }} end as cost_per_deal,
    case
        when coalesce(money_totals.unpriced_cash, 0) = 0
            then {{ month_number('paid_back.paid_back_month') }} - {{ month_number('places.month') }}
    end as payback_months,
    {{ plus_days(plus_months('places.month', 1), parameter('attribution_lookback_days') ~ ' - 1') }} > run.as_of_date as is_young,
    cast(coalesce(money_totals.unpriced, 0) + coalesce(spent.unpriced_costs, 0) as bigint) as missing_rate_count,
    {{ is_told(month_end_of('places.month'), 'feed_end') }} as is_complete
from places
cross join run
cross join feed_end
left join money_totals
    on places.model = money_totals.model
    and places.source_kind = money_totals.source_kind
    and places.source_key is not distinct from money_totals.source_key
    and places.month = money_totals.month
left join callers on places.source_key = callers.source_key and places.month = callers.month
left join forms on places.source_key = forms.source_key and places.month = forms.month
left join spent on places.source_key = spent.source_key and places.month = spent.month
left join paid_back
    on places.model = paid_back.model and places.source_key = paid_back.source_key and places.month = paid_back.month
left join labels on places.source_key = labels.source_key
