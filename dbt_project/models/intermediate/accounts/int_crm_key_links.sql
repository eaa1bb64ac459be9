-- Grain: one row a CRM account that keys put on an account of another CRM, whose name comes first in the alphabet.
-- A key counts where it is one account's only in both systems; a decision against the pair, or against any link of the
-- account, keeps it apart.
with keys as (
    select * from {{ ref('int_identity_keys') }} where kind = 'crm_account'
),

records as (
    select * from {{ ref('int_identity_records') }}
),

rules as (
    select * from {{ ref('identity_rules') }}
),

decisions as (
    select * from {{ ref('int_account_decisions') }} where state = 'in_force' and decision = 'never_link'
),

holders as (
    select
        key_kind,
        key_value,
        system,
        min(account_id) as account_id,
        min(record_id) as record_id,
        bool_or(is_bare_name) as is_bare_name
    from keys
    group by key_kind, key_value, system
    having count(distinct account_id) = 1
),

hits as (
    select
        later.account_id || '|' || earlier.system as subject,
        'a:' || later.account_id as record_id,
        earlier.account_id,
        later.key_kind as rule,
        later.key_value
    from holders as later
    inner join holders as earlier
        on later.key_kind = earlier.key_kind and later.key_value = earlier.key_value and later.system > earlier.system
    where (later.key_kind <> 'name_without_legal_form' or later.is_bare_name or earlier.is_bare_name)
        and not exists (
            select 1 from decisions
            where decisions.record_account_id = later.account_id
                and coalesce(decisions.account_id, earlier.account_id) = earlier.account_id
        )
        and not exists (
            select 1 from decisions
            where decisions.record_account_id = earlier.account_id and decisions.account_id = later.account_id
        )
),

{{ ruled_hits('hits') }},

-- With three systems and more, an account goes to the first one that has it.
linked as (
    select
        substr(record_id, 3) as account_id,
        account_id as target_id,
        rule,
        key_value
    from ruled
    qualify row_number() over (partition by record_id order by account_id) = 1
)

select
    linked.account_id,
    linked.target_id,
    linked.rule,
    linked.rule as evidence,
    linked.key_value as evidence_value
from linked
