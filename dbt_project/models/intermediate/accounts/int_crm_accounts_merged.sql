-- Grain: one row per source system and CRM account id, with the account that survived its merges.
-- A chain of merges is followed to its end. An end that is not in the export, and a ring of merges, leave the account
-- as it is and say so: half a merge would move its money to an account that nobody can open.
with recursive accounts as (
    select
        _system as system,
        account_id,
        nullif(merged_into_id, account_id) as merged_into_id
    from {{ ref('stg_crm__accounts') }}
),

chains as (
    select system, account_id as native_id, account_id as reached_id, merged_into_id as next_id, 0 as steps
    from accounts

    union all

    select
        chains.system,
        chains.native_id,
        accounts.account_id as reached_id,
        accounts.merged_into_id as next_id,
        chains.steps + 1 as steps
    from chains
    inner join accounts on chains.system = accounts.system and chains.next_id = accounts.account_id
    where chains.steps < 20 and accounts.account_id <> chains.native_id
),

ends as (
    select system, native_id, reached_id, next_id, steps
    from chains
    qualify row_number() over (partition by system, native_id order by steps desc) = 1
)

select
    system,
    native_id,
    case when next_id is null then reached_id else native_id end as surviving_id,
    next_id as unresolved_id,
    case
        when next_id is not null then 'merge_not_resolved'
        when steps > 0 then 'merged'
        else 'crm_account'
    end as rule
from ends
