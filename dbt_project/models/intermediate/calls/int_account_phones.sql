-- Grain: one row per phone number (digits) and account that has it, from the CRM's accounts, contacts and converted leads
-- and from billing's customers.
with phones as (
    select * from {{ ref('int_record_phones') }}
),

identities as (
    select * from {{ ref('int_account_identities') }}
)

select
    phones.digits,
    identities.account_id,
    min(phones.number_key) as number_key,
    bool_and(phones.number_rule <> 'digits') as is_e164,
    bool_and(phones.is_persons) as is_persons,
    bool_or(phones.is_mobile) as is_mobile,
    case when max(phones.persons) = 1 and min(phones.person_key) = max(phones.person_key) then min(phones.person_key) end
        as person_key,
    max(phones.held_since) as held_since
from phones
inner join identities
    on phones.record_id
    = case identities.kind when 'crm_account' then 'a:' else 'c:' end
    || {{ global_id('identities.system', 'identities.native_id') }}
group by phones.digits, identities.account_id
