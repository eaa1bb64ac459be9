-- Grain: one row per account that has called: the channel of its first inbound call, which K12 gives its money to.
with calls as (
    select * from {{ ref('fct_calls') }}
),

first_calls as (
    select *
    from calls
    where direction = 'inbound' and account_id is not null and started_at is not null
    qualify row_number() over (partition by account_id order by started_at, conversation_id) = 1
)

select
    account_id,
    conversation_id as first_conversation_id,
    source,
    medium,
    campaign,
    started_at as first_called_at,
    started_on as first_called_on
from first_calls
