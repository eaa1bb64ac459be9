-- Grain: one row per decision of a person (list account_links), with the record and the account that it names and its state:
-- in_force, or why it changes nothing. A decision that names what no export has is kept and shown, it may be early.
with said as (
    select
        {{ blank_to_null('system') }} as system,
        {{ blank_to_null('kind') }} as kind,
        {{ blank_to_null('native_id') }} as native_id,
        {{ blank_to_null('decision') }} as decision,
        {{ blank_to_null('account_id') }} as given_account_id,
        reason,
        decided_by,
        decided_on,
        _file,
        _row
    from {{ ref('stg_lists__account_links') }}
),

-- A decision that the list holds twice is one; the later row says why, who and when.
numbered as (
    select
        *,
        row_number() over (
            partition by system, kind, native_id, decision, given_account_id order by _row desc
        ) as from_the_last
    from said
),

decisions as (
    select * from numbered
    where from_the_last = 1
),

records as (
    select * from {{ ref('int_identity_records') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

dialling_codes as (
    select * from {{ ref('dialling_codes') }}
),

countries as (
    {{ home_country() }}
),

-- An account's id is that of its CRM record or, where there is none, of a billing customer.
targets as (
    select
        {{ global_id('system', 'native_id') }} as given_account_id,
        min(account_id) as account_id,
        bool_or(kind = 'crm_account') as is_crm_account
    from records
    group by 1
),

named as (
    select
        decisions.*,
        records.record_id,
        case when records.kind = 'crm_account' then records.account_id end as record_account_id,
        targets.account_id,
        coalesce(targets.is_crm_account, false) as is_crm_account,
        case
            when decisions.kind = 'phone' then coalesce(
                {{ e164('decisions.native_id', 'countries.default_country') }},
                {{ phone_digits(dialled('decisions.native_id'), 'countries') }}
            )
        end as digits
    from decisions
    cross join countries
    left join records
        on decisions.system = records.system and decisions.kind = records.kind
        and decisions.native_id = records.native_id
    left join targets on decisions.given_account_id = targets.given_account_id
),

checked as (
    select
        *,
        case
            when coalesce(kind, '') not in ('crm_account', 'billing_customer', 'phone') then 'unknown_kind'
            when coalesce(decision, '') not in ('link', 'never_link') then 'unknown_decision'
            when (kind = 'phone' and digits is null) or (kind <> 'phone' and record_id is null) then 'no_such_record'
            when decision = 'link' and given_account_id is null then 'no_account_given'
            when given_account_id is not null and account_id is null then 'no_such_account'
            when kind = 'crm_account' and not is_crm_account and given_account_id is not null then 'not_a_crm_account'
            when decision = 'link' and account_id = coalesce(record_account_id, '') then 'same_account'
            when decision = 'link' and not is_crm_account and exists (
                select 1 from named as others
                where others.record_id = 'c:' || named.given_account_id
                    and others.decision = 'link' and not others.is_crm_account and others.account_id is not null
            ) then 'names_a_linked_customer'
        end as fault
    from named
),

counted as (
    select
        *,
        coalesce(record_id, digits) as subject,
        count(*) filter (where fault is null and decision = 'link') over (partition by coalesce(record_id, digits))
            as links,
        count(*) filter (where fault is null) over (partition by coalesce(record_id, digits), account_id) as of_pair
    from checked
)

select
    system,
    kind,
    native_id,
    decision,
    given_account_id,
    account_id,
    record_id,
    record_account_id,
    digits,
    is_crm_account,
    case
        when fault is not null then fault
        when (decision = 'link' and links > 1) or of_pair > 1 then 'contradicted'
        else 'in_force'
    end as state,
    reason,
    decided_by,
    decided_on,
    _file,
    _row
from counted
