-- Grain: one row a record (crm_account, billing_customer, or phone: a caller's number) and an account that it may be but
-- was not put on, best first (place 1 …), with what speaks for it and why it was not linked.
with proposals as (
    select * from {{ ref('int_match_proposals') }}
),

records as (
    select * from {{ ref('int_identity_records') }}
),

identities as (
    select * from {{ ref('int_account_identities') }}
),

callers as (
    select * from {{ ref('int_callers_resolved') }} where account_rule = 'ambiguous'
),

phones as (
    select * from {{ ref('int_account_phones') }}
),

-- Where an account was itself put on another since, the proposal leads there.
moved as (
    select
        {{ global_id('system', 'native_id') }} as old_account_id,
        account_id
    from identities
    where kind = 'crm_account'
),

ambiguous as (
    select
        callers.client_digits,
        phones.account_id,
        phones.digits = callers.client_digits as is_exact,
        phones.held_since,
        count(*) over (partition by callers.client_digits) as accounts,
        row_number() over (
            partition by callers.client_digits order by phones.held_since desc nulls last, phones.account_id
        ) as place
    from callers
    -- One number has one key: this finds the number itself too, and an `or` would compare every caller with every number.
    inner join phones on {{ phone_key('callers.client_digits') }} = phones.number_key
),

together as (
    select
        records.system,
        proposals.kind,
        records.native_id,
        records.name,
        identities.account_id as present_account_id,
        coalesce(moved.account_id, proposals.account_id) as account_id,
        proposals.score,
        proposals.evidence,
        proposals.target_name as matched_name,
        proposals.likeness,
        proposals.matched_email,
        proposals.matched_domain,
        proposals.matched_phone,
        cast(null as date) as held_on,
        cast(null as bigint) as holders,
        proposals.why_not,
        proposals.place
    from proposals
    inner join records on proposals.record_id = records.record_id
    inner join identities
        on records.system = identities.system and records.kind = identities.kind
        and records.native_id = identities.native_id
    left join moved on proposals.account_id = moved.old_account_id
    where not proposals.is_link

    union all

    select
        cast(null as varchar),
        'phone',
        client_digits,
        cast(null as varchar),
        cast(null as varchar),
        account_id,
        cast(null as decimal(5, 4)),
        case when is_exact then 'number_same' else 'number_ending_same' end,
        null,
        null,
        null,
        null,
        null,
        cast(held_since as date),
        accounts,
        'number_shared',
        place
    from ambiguous
    where place <= {{ parameter('link_proposals_most') }}
),

once as (
    select *
    from together
    where account_id <> coalesce(present_account_id, '')
    qualify row_number() over (partition by system, kind, native_id, account_id order by place) = 1
)

select
    system,
    kind,
    native_id,
    case when kind <> 'phone' then {{ global_id('system', 'native_id') }} end as record_id,
    name,
    present_account_id,
    account_id,
    score,
    evidence,
    matched_name,
    likeness,
    matched_email,
    matched_domain,
    matched_phone,
    held_on,
    holders,
    why_not,
    cast(row_number() over (partition by system, kind, native_id order by place) as integer) as place
from once
