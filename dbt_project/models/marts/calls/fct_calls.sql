-- Grain: one row per conversation (K1): a call counted once however many legs the exchange made of it. No internal calls.
-- Provenance, numbers and source are those of the leg that opens it.
with conversations as (
    select
        *,
        {{ phone_key('client_digits') }} as client_key
    from {{ ref('int_conversations_folded') }}
),

opening as (
    select * from {{ ref('stg_calls__calls') }}
),

callers as (
    select * from {{ ref('int_callers_resolved') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

cases as (
    select * from {{ ref('int_missed_calls_cased') }}
),

names as (
    select * from {{ ref('dim_source_names') }}
),

-- The history of a number is that of every system together: whoever called us on another line is no first-time caller.
first_calls as (
    select
        {{ phone_key('client_digits') }} as client_key,
        {{ first_by('conversation_id', 'started_at', tie='conversation_id') }} as conversation_id
    from {{ ref('int_conversations_folded') }}
    where direction = 'inbound' and client_digits is not null and started_at is not null
    group by client_key
),

-- The account's first inbound call, to whose channel its money is given (K12).
first_touches as (
    select
        callers.account_id,
        {{ first_by('conversations.conversation_id', 'conversations.started_at', tie='conversations.conversation_id') }}
            as conversation_id
    from {{ ref('int_conversations_folded') }} as conversations
    inner join callers on conversations.client_digits = callers.client_digits
    where conversations.direction = 'inbound' and conversations.started_at is not null and callers.account_id is not null
    group by callers.account_id
)

select
    conversations.conversation_id,
    callers.account_id,
    coalesce(by_id.employee_id, by_name.employee_id) as employee_id,
    cases.case_id,
    conversations.system,
    coalesce(callers.account_rule, 'no_number') as account_rule,
    conversations.agent_name,
    conversations.queue,
    conversations.direction,
    opening.caller_number,
    opening.callee_number,
    opening.tracking_number,
    conversations.client_digits,
    conversations.client_key,
    conversations.status,
    opening.source,
    coalesce(names.source_key, {{ source_key('opening.source') }}) as source_key,
    opening.medium,
    opening.campaign,
    opening.keyword,
    opening.newest_source,
    opening.disposition,
    opening.note,
    conversations.currency,
    conversations.wait_seconds,
    conversations.talk_seconds,
    conversations.total_seconds,
    conversations.legs,
    case when cases.is_first_of_case then cases.callback_minutes end as callback_minutes,
    case when cases.is_first_of_case then cases.callback_minutes_plain end as callback_minutes_plain,
    conversations.cost,
    case
        when conversations.direction = 'inbound' and conversations.client_key is not null and conversations.started_at is not null
            then conversations.conversation_id = first_calls.conversation_id
    end as is_first_time_caller,
    conversations.is_target_call,
    coalesce(conversations.conversation_id = first_touches.conversation_id, false) as is_first_touch,
    opening.is_first_call as is_first_call_by_vendor,
    conversations.is_out_of_hours,
    conversations.started_at,
    conversations.started_on,
    cases.handled_at,
    opening._source,
    opening._file,
    opening._file_sha256,
    opening._row
from conversations
inner join opening on conversations.conversation_id = {{ global_id('opening._system', 'opening.call_id') }}
left join callers on conversations.client_digits = callers.client_digits
left join employees as by_id
    on conversations.system = by_id.system and conversations.agent_id = by_id.reference
left join employees as by_name
    on conversations.system = by_name.system and conversations.agent_name = by_name.reference
left join cases on conversations.conversation_id = cases.conversation_id
left join names on {{ source_key('opening.source') }} = names.name_key
left join first_calls on conversations.client_key = first_calls.client_key
left join first_touches on callers.account_id = first_touches.account_id
