-- Grain: one row a phone number (digits) and account that has it, from the CRM's accounts, contacts and converted leads
-- and from billing's customers. A field may hold several numbers, parted by `;` or `,`. Numbers of fewer than seven
-- digits are extensions and tell no company.
with run as (
    select * from {{ ref('int_run_dated') }}
),

dialling_codes as (
    select * from {{ ref('dialling_codes') }}
),

countries as (
    select cast(max(dialling_codes.calling_code) as varchar(9)) as calling_code
    from run
    inner join dialling_codes on run.default_country = dialling_codes.country
),

identities as (
    select * from {{ ref('int_account_identities') }}
),

phones as (
    select _system, 'crm_account' as kind, account_id as native_id, phone from {{ ref('stg_crm__accounts') }}
    union all
    select _system, 'crm_account', account_id, phone from {{ ref('stg_crm__contacts') }}
    union all
    select _system, 'crm_account', account_id, mobile from {{ ref('stg_crm__contacts') }}
    union all
    select _system, 'crm_account', account_id, phone from {{ ref('stg_crm__leads') }}
    union all
    select _system, 'billing_customer', customer_id, phone from {{ ref('stg_billing__customers') }}
),

parted as (
    select
        phones._system,
        phones.kind,
        phones.native_id,
        {{ dialled("split_part(replace(phones.phone, ',', ';'), ';', parts.part)") }} as dialled
    from phones
    cross join (values (1), (2), (3)) as parts (part)
    where phones.phone is not null and phones.native_id is not null
),

written as (
    select
        parted._system,
        parted.kind,
        parted.native_id,
        {{ phone_digits('parted.dialled', 'countries.calling_code') }} as digits
    from parted
    cross join countries
)

select distinct
    written.digits,
    {{ phone_key('written.digits') }} as number_key,
    identities.account_id
from written
inner join identities
    on written._system = identities.system and written.kind = identities.kind and written.native_id = identities.native_id
where length(written.digits) >= 7
