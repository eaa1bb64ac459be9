-- Blocks publishing: every call that is not internal is in exactly one conversation, and no talk is lost or doubled.
{{ config(meta={'dagster': {'ref': {'name': 'fct_calls'}}}) }}

with legs as (
    select count(*) as legs, coalesce(sum(talk_seconds), 0) as talk_seconds from {{ ref('int_call_legs_folded') }}
),

calls as (
    select count(*) as legs from {{ ref('stg_calls__calls') }} where direction is distinct from 'internal'
),

conversations as (
    select coalesce(sum(legs), 0) as legs, coalesce(sum(talk_seconds), 0) as talk_seconds from {{ ref('fct_calls') }}
)

select *
from legs
cross join calls
cross join conversations
where legs.legs <> calls.legs or legs.legs <> conversations.legs or legs.talk_seconds <> conversations.talk_seconds
