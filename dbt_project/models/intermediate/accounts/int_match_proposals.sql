-- Grain: one row per record that the exact rules leave and an account that it may be, best first (place 1 …).
-- is_link: the score reaches link_probability, the second account is link_margin_bits less likely, and no other record of
-- the same system is or seeks to be that account. Else `why_not` says what is missing, and a person decides.
with candidates as (
    select * from {{ ref('int_identity_candidates') }}
),

records as (
    select * from {{ ref('int_identity_records') }}
),

crm_accounts as (
    select * from {{ ref('int_crm_accounts_linked') }}
),

customers as (
    select * from {{ ref('int_billing_customers_linked') }}
),

-- An account may have several CRM records, absorbed ones among them: the most alike counts.
best_records as (
    select *
    from candidates
    where score >= {{ parameter('link_propose_probability') }}
        or tax_level = 'different' or country_level = 'different'
        or is_name_begun
    qualify row_number() over (
        partition by record_id, account_id order by weight desc, likeness desc, target_record_id
    ) = 1
),

-- A veto leaves no probability, but where all else agrees a person should see it. So should one see a name that begins with
-- another: a contact's or a branch's, or another company's.
likely as (
    select
        *,
        weight
        + case when tax_level = 'different' then 100 else 0 end
        + case when country_level = 'different' then 100 else 0 end as weight_without_veto
    from best_records
),

ranked as (
    select
        *,
        row_number() over (partition by record_id order by weight_without_veto desc, likeness desc, account_id) as place,
        lead(weight_without_veto) over (
            partition by record_id order by weight_without_veto desc, likeness desc, account_id
        ) as next_weight
    from likely
    where weight_without_veto >= 0 or score >= {{ parameter('link_propose_probability') }} or is_name_begun
),

-- Who of the seeker's own system is the account already.
holders as (
    select distinct system, account_id from customers where account_id is not null
),

crm_holders as (
    select distinct system, account_id from crm_accounts
),

-- An account on which others hang takes them along if it moves, and one of their systems may be there already.
hubs as (
    select account_id from crm_accounts group by account_id having count(distinct system) > 1
),

contested as (
    select
        ranked.*,
        records.system,
        case
            when ranked.kind = 'billing_customer' then holders.account_id is not null
            else crm_holders.account_id is not null or hubs.account_id is not null
        end as is_held,
        count(*) filter (where ranked.place = 1 and ranked.score >= {{ parameter('link_probability') }}) over (
            partition by ranked.kind, records.system, ranked.account_id
        ) as seekers
    from ranked
    inner join records on ranked.record_id = records.record_id
    left join holders on records.system = holders.system and ranked.account_id = holders.account_id
    left join crm_holders on records.system = crm_holders.system and ranked.account_id = crm_holders.account_id
    left join hubs on ranked.kind = 'crm_account' and records.account_id = hubs.account_id
),

judged as (
    select
        *,
        case
            when tax_level = 'different' then 'tax_id_other'
            when country_level = 'different' then 'country_other'
            when score < {{ parameter('link_probability') }} then 'not_sure'
            when place > 1 then 'another_likelier'
            when weight - next_weight < {{ parameter('link_margin_bits') }} then 'second_near'
            when is_held then 'held'
            when seekers > 1 then 'several_seek'
        end as why_not
    from contested
)

select
    record_id,
    account_id,
    target_record_id,
    kind,
    system,
    score,
    weight,
    likeness,
    place,
    evidence,
    target_name,
    matched_email,
    matched_domain,
    matched_phone,
    why_not is null as is_link,
    why_not
from judged
where place <= {{ parameter('link_proposals_most') }}
