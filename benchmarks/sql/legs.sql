-- Folding (K1), giving to sources (K21) and counting for norms (P13, A1), as a good analyst would write it for one tracker whose
-- legs name their agent, whose numbers are all in E.164 and whose clocks are UTC.
create or replace table by_hand_conversations as
with legs as (
    select
        call_id, parent_call_id, direction, status, agent_id, source, started_at,
        cast(talk_seconds as decimal(18, 3)) as talk_seconds,
        started_at + to_seconds(cast(total_seconds as integer)) as ended_at,
        ltrim(caller_number, '+') as caller, ltrim(callee_number, '+') as callee
    from staging.stg_calls__calls
    where direction <> 'internal'
),

parents as (
    select distinct parent_call_id as call_id from legs where parent_call_id is not null
),

heads as (
    select
        legs.call_id, legs.direction, legs.started_at, legs.ended_at,
        case when parents.call_id is null then least(caller, callee) else legs.call_id end as one_end,
        case when parents.call_id is null then greatest(caller, callee) else legs.call_id end as other_end
    from legs
    left join parents on legs.call_id = parents.call_id
    where legs.parent_call_id is null
),

paused as (
    select *, max(ended_at) over (
        partition by direction, one_end, other_end order by started_at, call_id
        rows between unbounded preceding and 1 preceding
    ) as earlier_ended_at
    from heads
),

opened as (
    select call_id, last_value(
        case when earlier_ended_at is null or epoch(started_at) - epoch(earlier_ended_at) > 120 then call_id end ignore nulls
    ) over (
        partition by direction, one_end, other_end order by started_at, call_id
        rows between unbounded preceding and current row
    ) as conversation_id
    from paused
),

folded as (
    select opened.conversation_id, legs.*, legs.call_id = opened.conversation_id as is_opening
    from legs
    inner join opened on coalesce(legs.parent_call_id, legs.call_id) = opened.call_id
),

summed as (
    select
        conversation_id,
        count(*) as legs,
        any_value(direction) filter (where is_opening) as direction,
        any_value(source) filter (where is_opening) as source,
        any_value(case direction when 'outbound' then callee else caller end) filter (where is_opening) as client,
        case when bool_or(status = 'answered') then 'answered' else 'missed' end as status,
        coalesce(
            arg_max(agent_id, (started_at, call_id)) filter (where status = 'answered'),
            case when count(distinct agent_id) = 1 then any_value(agent_id) end
        ) as agent_id,
        sum(talk_seconds) filter (where status = 'answered') as talk_seconds,
        min(started_at) as started_at
    from folded
    group by conversation_id
),

known as (
    select ltrim(phone, '+') as client, min('bench:' || account_id) as account_id
    from staging.stg_crm__accounts
    group by 1
    having count(*) = 1
),

firsts as (
    select conversation_id
    from summed
    where direction = 'inbound'
    qualify row_number() over (partition by right(client, 10) order by started_at, conversation_id) = 1
)

select
    summed.conversation_id, summed.direction, summed.status, known.account_id, 'bench:' || summed.agent_id as employee_id,
    summed.legs, summed.talk_seconds,
    case when summed.direction = 'inbound' then firsts.conversation_id is not null end as is_first_time_caller,
    case when summed.direction = 'inbound' then summed.status = 'answered' and summed.talk_seconds >= 30 end
        as is_target_call,
    summed.started_at,
    coalesce(lower(trim(summed.source)), 'unknown') as source_key,
    summed.client
from summed
left join known on summed.client = known.client
left join firsts on summed.conversation_id = firsts.conversation_id;

create or replace table by_hand_sources as
with inbound as (
    select *, cast(started_at as date) as day from by_hand_conversations where direction = 'inbound'
),

touches as (
    select distinct account_id, day as touched_on, source_key from inbound where account_id is not null
),

happened as (
    select account_id, created_on as sold_on, 'deals' as measure, cast(1 as decimal(18, 4)) as amount from marts.fct_deals
    union all
    select account_id, created_on, 'won_amount', amount_base from marts.fct_deals where status = 'won'
    union all
    select
        events.account_id, coalesce(deals.created_on, events.issued_on),
        case when events.event_type = 'invoice' then 'invoiced' else 'cash_applied' end,
        case when events.event_type = 'invoice' then events.amount_base else -events.amount_base end
    from marts.fct_receivable_events as events
    left join marts.fct_invoices as invoices on events.invoice_id = invoices.invoice_id
    left join marts.fct_deals as deals on invoices.deal_id = deals.deal_id
),

near as (
    select
        sales.*, touches.touched_on, touches.source_key,
        row_number() over sale as place,
        count(*) over (partition by sales.account_id, sales.sold_on) as touches,
        row_number() over (
            partition by sales.account_id, sales.sold_on
            order by touches.source_key in ('direct', 'unknown'), touched_on desc, source_key desc
        ) as non_direct_place
    from (select distinct account_id, sold_on from happened) as sales
    inner join touches
        on sales.account_id = touches.account_id
        and touches.touched_on between sales.sold_on - 90 and sales.sold_on
    window sale as (partition by sales.account_id, sales.sold_on order by touched_on, source_key)
),

credited as (
    select *, 'first' as model, 1 as part, 1 as parts from near where place = 1
    union all
    select *, 'last', 1, 1 from near where place = touches
    union all
    select *, 'last_non_direct', 1, 1 from near where non_direct_place = 1
    union all
    select *, 'linear', place, touches from near
),

given as (
    select
        models.model, coalesce(credited.source_key, 'no_touch') as source_key, measure,
        cast(date_trunc('month', coalesce(touched_on, happened.sold_on)) as date) as month,
        case when part < parts then cast(round(amount * part / parts, 4) as decimal(18, 4)) else amount end
        - cast(round(amount * (coalesce(part, 1) - 1) / coalesce(parts, 1), 4) as decimal(18, 4)) as amount
    from happened
    cross join (values ('first'), ('last'), ('last_non_direct'), ('linear')) as models (model)
    left join credited
        on happened.account_id = credited.account_id and happened.sold_on = credited.sold_on
        and models.model = credited.model
),

money as (
    select
        model, source_key, month,
        sum(amount) filter (where measure = 'deals') as deals,
        sum(amount) filter (where measure = 'won_amount') as won_amount,
        sum(amount) filter (where measure = 'invoiced') as invoiced,
        sum(amount) filter (where measure = 'cash_applied') as cash_applied
    from given
    group by all
),

leads as (
    select
        source_key, cast(date_trunc('month', day) as date) as month,
        count(distinct right(client, 10)) filter (where is_first_time_caller and is_target_call) as leads
    from inbound
    group by all
),

places as (
    select model, source_key, month from money
    union
    select model, source_key, month
    from leads
    cross join (values ('first'), ('last'), ('last_non_direct'), ('linear')) as models (model)
)

select
    places.model, places.month, places.source_key,
    case when places.source_key <> 'no_touch' then coalesce(leads.leads, 0) end as leads,
    cast(coalesce(money.deals, 0) as decimal(18, 4)) as deals,
    cast(coalesce(money.won_amount, 0) as decimal(18, 4)) as won_amount,
    cast(coalesce(money.invoiced, 0) as decimal(18, 4)) as invoiced,
    cast(coalesce(money.cash_applied, 0) as decimal(18, 4)) as cash_applied
from places
left join money using (model, source_key, month)
left join leads on places.source_key = leads.source_key and places.month = leads.month;

create or replace table by_hand_norms as
with counted as (
    select employee_id, cast(started_at as date) as day, count(*) as actual
    from by_hand_conversations
    where direction = 'outbound' and employee_id is not null
    group by all
)

select norms.employee_id, norms.period_start as day, coalesce(counted.actual, 0) as actual
from marts.fct_employee_norms as norms
left join counted on norms.employee_id = counted.employee_id and norms.period_start = counted.day
where norms.norm = 'outbound_calls' and (norms.working_days > 0 or counted.actual > 0);
