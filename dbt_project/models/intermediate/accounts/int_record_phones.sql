-- Grain: one row per phone number (digits) and record that has it, from the CRM's accounts, contacts and converted leads and
-- from billing's customers. A field may hold several numbers, parted by `;` or `,`; fewer than seven digits are an
-- extension and tell no company.
-- number_rule: `international` numbers are written with + or 00 and need no rule; `e164` were written as people of the
-- record's country do (else of default_country) and were read so; `digits` could not be, and are the digits as they stand.
with run as (
    select * from {{ ref('int_run_dated') }}
),

dialling_codes as (
    select * from {{ ref('dialling_codes') }}
),

records as (
    select * from {{ ref('int_identity_records') }}
),

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

countries as (
    {{ home_country() }}
),

phones as (
    select
        _system, 'crm_account' as kind, account_id as native_id, phone, false as is_persons, false as is_mobile,
        cast(null as varchar) as person_key, cast(null as timestamptz) as held_since
    from {{ ref('stg_crm__accounts') }}
    union all
    select
        _system, 'crm_account', account_id, phone, true, false,
        coalesce({{ normalised_email('email') }}, {{ normalised_name('full_name') }}), created_at
    from contacts
    union all
    select
        _system, 'crm_account', account_id, mobile, true, true,
        coalesce({{ normalised_email('email') }}, {{ normalised_name('full_name') }}), created_at
    from contacts
    union all
    select
        _system, 'crm_account', account_id, phone, true, false,
        coalesce({{ normalised_email('email') }}, {{ normalised_name('full_name') }}), created_at
    from {{ ref('stg_crm__leads') }}
    union all
    select _system, 'billing_customer', customer_id, phone, false, false, null, null
    from {{ ref('stg_billing__customers') }}
),

holders as (
    {{ records_referred_to() }}
),

parted as (
    select
        records.record_id,
        records.country_code,
        phones.is_persons,
        phones.is_mobile,
        phones.person_key,
        phones.held_since,
        trim(split_part(replace(phones.phone, ',', ';'), ';', parts.part)) as written
    from phones
    cross join (values (1), (2), (3)) as parts (part)
    inner join holders as records
        on phones._system = records.system and phones.kind = records.kind and phones.native_id = records.reference
    where phones.phone is not null
),

dialled as (
    select
        parted.*,
        {{ dialled('parted.written') }} as dialled
    from parted
    where parted.written <> ''
),

ruled as (
    select
        dialled.*,
        coalesce(dialled.country_code, countries.default_country) as read_as,
        countries.calling_code,
        countries.national_digits,
        (dialled.dialled like '+%' or dialled.dialled like '00%') and dialled.written not like '%(0)%'
            as is_international
    from dialled
    cross join countries
    where length(dialled.dialled) >= 7
),

read_by_country as (
    select
        written,
        read_as,
        {{ e164('written', 'read_as') }} as e164_digits
    from (select distinct written, read_as from ruled where not is_international) as messy
),

written_digits as (
    select
        ruled.record_id,
        ruled.is_persons,
        ruled.is_mobile,
        ruled.person_key,
        ruled.held_since,
        coalesce(read_by_country.e164_digits, {{ phone_digits('ruled.dialled', 'ruled') }}) as digits,
        case
            when ruled.is_international then 'international'
            when read_by_country.e164_digits is not null then 'e164'
            else 'digits'
        end as number_rule
    from ruled
    left join read_by_country
        on not ruled.is_international and ruled.written = read_by_country.written
        and (ruled.read_as = read_by_country.read_as or (ruled.read_as is null and read_by_country.read_as is null))
)

select
    digits,
    record_id,
    {{ phone_key('digits') }} as number_key,
    case when bool_or(number_rule = 'digits') then 'digits' else min(number_rule) end as number_rule,
    bool_and(is_persons) as is_persons,
    bool_or(is_mobile) as is_mobile,
    count(distinct person_key) as persons,
    max(person_key) as person_key,
    max(held_since) as held_since
from written_digits
where length(digits) >= 7
group by digits, record_id
