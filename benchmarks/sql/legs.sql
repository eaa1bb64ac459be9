-- Folding (K1) with missed calls and their call-backs (K4, K5), giving to sources (K21) and counting for norms (P13, A1), as a
-- good analyst would write it for one tracker whose legs name their agent, whose numbers are all in E.164, which costs
-- nothing and whose clocks are UTC. It writes the columns that Keybook's tables have.
create or replace temp table by_hand_conversations as
with legs as (
    select
        call_id, parent_call_id, direction, status, agent_id, started_at, cost,
        wait_seconds, talk_seconds,
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
        any_value(case direction when 'outbound' then callee else caller end) filter (where is_opening) as client,
        bool_or(status = 'answered') as is_answered,
        coalesce(
            arg_max(agent_id, (started_at, call_id)) filter (where status = 'answered'),
            case when min(agent_id) = max(agent_id) then min(agent_id) end,
            any_value(agent_id) filter (where is_opening and direction = 'outbound')
        ) as agent_id,
        epoch(min(started_at + to_seconds(cast(wait_seconds as integer))) filter (where status = 'answered')) as answered_at,
        cast(sum(talk_seconds) filter (where status = 'answered') as decimal(18, 3)) as talk_seconds,
        cast(sum(cost) as decimal(18, 4)) as cost,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from folded
    group by conversation_id
)

select
    * exclude (is_answered, answered_at, ended_at),
    right(client, 10) as client_key,
    cast(epoch(ended_at) - epoch(started_at) as decimal(18, 3)) as total_seconds,
    cast(coalesce(answered_at, epoch(ended_at)) - epoch(started_at) as decimal(18, 3)) as wait_seconds,
    case
        when is_answered then 'answered'
        when direction = 'inbound' and epoch(ended_at) - epoch(started_at) < 15 then 'abandoned'
        else 'missed'
    end as status,
    cast(started_at as date) as started_on
from summed;

create or replace temp table by_hand_cases as
with missed as (
    select conversation_id, client_key, started_at, started_on
    from by_hand_conversations
    where direction = 'inbound' and status = 'missed'
),

events as (
    select *, false as is_contact from missed
    union all
    select conversation_id, client_key, started_at, started_on, true
    from by_hand_conversations
    where status = 'answered' and client_key in (select client_key from missed)
),

-- From 9 to 17 on working days.
clocked as (
    select
        events.* exclude (started_on),
        days.business_seconds_before
        + greatest(0, least(days.business_seconds, epoch(started_at) - epoch(cast(day as timestamp)) - 32400)) as open_seconds
    from events
    inner join intermediate.int_business_days as days on started_on = day
),

counted as (
    select *, count(*) filter (where is_contact) over (
        partition by client_key order by started_at, not is_contact, conversation_id
    ) as contacts
    from clocked
),

paused as (
    select *, lag(open_seconds) over (
        partition by client_key, contacts order by started_at, conversation_id
    ) as earlier_seconds
    from counted
    where not is_contact
),

opened as (
    select *, last_value(
        case when earlier_seconds is null or open_seconds - earlier_seconds > 28800 then conversation_id end ignore nulls
    ) over (partition by client_key, contacts order by started_at, conversation_id) as case_id
    from paused
)

select
    opened.conversation_id,
    opened.case_id,
    case when opened.conversation_id = opened.case_id
        then cast((contacts.open_seconds - opened.open_seconds) / 60 as decimal(18, 2)) end as callback_minutes,
    case when opened.conversation_id = opened.case_id
        then cast((epoch(contacts.started_at) - epoch(opened.started_at)) / 60 as decimal(18, 2)) end as callback_minutes_plain,
    contacts.started_at as handled_at
from opened
left join counted as contacts
    on opened.client_key = contacts.client_key and opened.contacts + 1 = contacts.contacts and contacts.is_contact;

create or replace table by_hand_calls as
with known as (
    select
        ltrim(phone, '+') as client,
        case when count(*) = 1 then min('bench:' || account_id) end as account_id,
        case when count(*) = 1 then 'exact_number' else 'ambiguous' end as account_rule
    from staging.stg_crm__accounts
    group by 1
),

firsts as (
    select client_key, min((started_at, conversation_id))[2] as conversation_id
    from by_hand_conversations
    where direction = 'inbound'
    group by 1
),

first_touches as (
    select known.account_id, min((started_at, conversation_id))[2] as conversation_id
    from by_hand_conversations
    inner join known using (client)
    where direction = 'inbound' and known.account_id is not null
    group by 1
)

select
    'bench:' || calls.conversation_id as conversation_id,
    known.account_id,
    'bench:' || calls.agent_id as employee_id,
    'bench:' || cases.case_id as case_id,
    opening._system as system,
    coalesce(known.account_rule, 'unmatched') as account_rule,
    opening.agent_name,
    opening.queue,
    calls.direction,
    opening.caller_number,
    opening.callee_number,
    opening.tracking_number,
    calls.client as client_digits,
    calls.client_key,
    calls.status,
    opening.source,
    coalesce(nullif(lower(trim(opening.source)), ''), 'unknown') as source_key,
    opening.medium,
    opening.campaign,
    opening.keyword,
    opening.newest_source,
    opening.disposition,
    opening.note,
    coalesce(opening.currency, 'EUR') as currency,
    calls.wait_seconds,
    calls.talk_seconds,
    calls.total_seconds,
    calls.legs,
    cases.callback_minutes,
    cases.callback_minutes_plain,
    calls.cost,
    case when calls.direction = 'inbound' then calls.conversation_id = firsts.conversation_id end as is_first_time_caller,
    case when calls.direction = 'inbound' then calls.status = 'answered' and calls.talk_seconds >= 30 end as is_target_call,
    coalesce(calls.conversation_id = first_touches.conversation_id, false) as is_first_touch,
    opening.is_first_call as is_first_call_by_vendor,
    not days.is_working_day or hour(calls.started_at) not between 9 and 16 as is_out_of_hours,
    calls.started_at,
    calls.started_on,
    cases.handled_at,
    opening._source,
    opening._file,
    opening._file_sha256,
    opening._row
from by_hand_conversations as calls
inner join staging.stg_calls__calls as opening on calls.conversation_id = opening.call_id
inner join intermediate.int_business_days as days on calls.started_on = days.day
left join known on calls.client = known.client
left join by_hand_cases as cases on calls.conversation_id = cases.conversation_id
left join firsts on calls.client_key = firsts.client_key
left join first_touches on known.account_id = first_touches.account_id;

create or replace table by_hand_sources as
with inbound as (
    select * from by_hand_calls where direction = 'inbound'
),

touches as (
    select distinct account_id, started_on as touched_on, source_key from inbound where account_id is not null
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
        source_key, cast(date_trunc('month', started_on) as date) as month,
        count(distinct client_key) filter (where is_first_time_caller and is_target_call) as leads
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

create or replace table by_hand_evidence as
select
    norms.norm,
    calls.employee_id,
    norms.period_start,
    'call' as evidence_kind,
    calls.conversation_id as evidence_id,
    calls.conversation_id as counted_as,
    calls.account_id,
    calls.disposition as title,
    calls.started_on as occurred_on,
    calls._source,
    calls._file,
    calls._file_sha256,
    calls._row
from by_hand_calls as calls
inner join marts.fct_employee_norms as norms
    on calls.employee_id = norms.employee_id and calls.started_on = norms.period_start and norms.norm = 'outbound_calls'
where calls.direction = 'outbound';

create or replace table by_hand_norms as
with counted as (
    select employee_id, period_start, count(distinct counted_as) as actual, count(*) as evidence_count
    from by_hand_evidence
    group by all
)

select
    norms.employee_id, norms.period_start as day, norms.target, coalesce(counted.actual, 0) as actual,
    cast(coalesce(counted.actual, 0) as double) / nullif(norms.target, 0) as attainment,
    coalesce(counted.evidence_count, 0) as evidence_count
from marts.fct_employee_norms as norms
left join counted on norms.employee_id = counted.employee_id and norms.period_start = counted.period_start
where norms.norm = 'outbound_calls' and (norms.working_days > 0 or counted.evidence_count > 0);
