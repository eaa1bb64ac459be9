-- Grain: one row per client's number (digits) in the calls, with the account it belongs to and the rule that says so (K16):
-- decision (account_links, kind phone), exact_number, newest_holder (the number was one person's and moved: the account
-- that wrote it down last), last_10_digits (only where one of the two is no number in E.164); ambiguous when several
-- accounts have the number, such as a shared switchboard; unmatched when none has.
with conversations as (
    select * from {{ ref('int_conversations_folded') }}
),

phones as (
    select * from {{ ref('int_account_phones') }}
),

decisions as (
    select * from {{ ref('int_account_decisions') }} where state = 'in_force' and kind = 'phone'
),

identities as (
    select * from {{ ref('int_account_identities') }}
),

numbers as (
    select distinct
        client_digits,
        {{ phone_key('client_digits') }} as client_key
    from conversations
    where client_digits is not null
),

decided as (
    select
        decisions.digits,
        min(coalesce(identities.account_id, decisions.account_id)) as account_id
    from decisions
    left join identities
        on decisions.given_account_id = {{ global_id('identities.system', 'identities.native_id') }}
        and decisions.is_crm_account = (identities.kind = 'crm_account')
    where decisions.decision = 'link'
    group by decisions.digits
),

-- A number is never that of an account from which a person keeps it, and nobody's where no account is named.
allowed as (
    select phones.*
    from phones
    where not exists (
        select 1 from decisions
        where decisions.decision = 'never_link' and decisions.digits = phones.digits
            and coalesce(decisions.account_id, phones.account_id) = phones.account_id
    )
),

exact as (
    select
        digits,
        min(account_id) as account_id,
        count(*) as accounts,
        -- Only where every account has it as one person's, by mobile or as the same person's, and the dates tell.
        case
            when bool_and(is_persons) and bool_and(person_key is not null)
                and (bool_and(is_mobile) or min(person_key) = max(person_key))
                and count(held_since) = count(*) and count(distinct held_since) = count(*)
                then {{ last_by('account_id', 'held_since') }}
        end as newest_account_id
    from allowed
    group by digits
),

endings as (
    select
        number_key,
        min(account_id) as account_id,
        count(distinct account_id) as accounts,
        bool_or(is_e164) as is_e164
    from allowed
    group by number_key
),

missed as (
    select
        numbers.client_digits,
        numbers.client_key,
        {{ e164("'+' || numbers.client_digits", 'cast(null as varchar)') }} is not null as is_e164
    from numbers
    inner join endings on numbers.client_key = endings.number_key
    where not exists (select 1 from exact where exact.digits = numbers.client_digits)
),

by_ending as (
    select
        missed.client_digits,
        min(allowed.account_id) as account_id,
        count(distinct allowed.account_id) as accounts
    from missed
    inner join allowed on missed.client_key = allowed.number_key
    where not (missed.is_e164 and coalesce(allowed.is_e164, false))
    group by missed.client_digits
),

ruled as (
    select
        numbers.client_digits,
        decided.account_id as decided_account_id,
        exact.account_id as exact_account_id,
        exact.newest_account_id,
        by_ending.account_id as ending_account_id,
        case
            when decided.account_id is not null then 'decision'
            when exact.accounts = 1 then 'exact_number'
            when exact.newest_account_id is not null then 'newest_holder'
            when exact.accounts > 1 then 'ambiguous'
            when by_ending.accounts > 1 then 'ambiguous'
            when by_ending.accounts = 1 then 'last_10_digits'
            else 'unmatched'
        end as account_rule
    from numbers
    left join decided on numbers.client_digits = decided.digits
    left join exact on numbers.client_digits = exact.digits
    left join by_ending on numbers.client_digits = by_ending.client_digits
)

select
    client_digits,
    case account_rule
        when 'decision' then decided_account_id
        when 'exact_number' then exact_account_id
        when 'newest_holder' then newest_account_id
        when 'last_10_digits' then ending_account_id
    end as account_id,
    account_rule
from ruled
