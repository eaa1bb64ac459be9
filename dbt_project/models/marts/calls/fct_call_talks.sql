-- Grain: one row per answered leg: who talked and for how long. A conversation that was handed over has several; the
-- conversation's own agent is the last.
with legs as (
    select * from {{ ref('int_call_legs_folded') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
)

select
    {{ global_id('legs.system', 'legs.call_id') }} as leg_id,
    {{ global_id('legs.system', 'coalesce(legs.opening_call_id, legs.call_id)') }} as conversation_id,
    coalesce(by_id.employee_id, by_name.employee_id) as employee_id,
    legs.system,
    legs.agent_name,
    legs.direction,
    cast(legs.talk_seconds as decimal(18, 3)) as talk_seconds,
    legs.started_at,
    {{ business_date('legs.started_at', 'run.business_timezone') }} as started_on
from legs
cross join run
left join employees as by_id on legs.system = by_id.system and legs.agent_id = by_id.reference
left join employees as by_name on legs.system = by_name.system and legs.agent_name = by_name.reference
where legs.is_answered
