-- Grain: one row per proof of who is who: per contract of calls and calling code (NULL for all of its numbers), per contract and
-- entity of rows that belong to an account, per system and side of its companies, per call system of its people. Of the
-- `things` counted `reached` are known on the other side, where `others` stand. That nothing, or nearly nothing, is reached
-- where there is enough of both (`is_fallen`) is no chance: numbers, ids or names of a whole source are read wrongly, or
-- written otherwise than the other side does. Sums stay right then, so nothing else tells it.
{%- set facts = {
    'fct_deals': 'crm.deals', 'fct_activities': 'crm.activities', 'fct_invoices': 'billing.invoices',
    'fct_payments': 'billing.payments',
} %}
with accounts as (
    select account_id, has_crm_record, is_named from {{ ref('dim_accounts') }}
),

identities as (
    select * from {{ ref('dim_account_identities') }} where native_id <> ''
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

payments as (
    select * from {{ ref('fct_payments') }}
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

users as (
    select * from {{ ref('int_employees_unified') }}
),

settings as (
    select
        {{ parameter('reach_least_numbers') }} as least_numbers,
        {{ parameter('reach_least_records') }} as least_records,
        {{ parameter('reach_least_share') }} as least_share
),

calls as (
    select *, count(client_digits) over (partition by _source) as calls_with_number from {{ ref('fct_calls') }}
),

-- Each number counts once, however often it called; what is too short to be one counts by its calls, and so do withheld
-- ones where the contract has no other.
numbers as (
    select
        _source as contract,
        coalesce(case when length(client_digits) >= 7 then client_digits end, conversation_id) as number_id,
        max(case when length(client_digits) >= 7 then client_digits end) as digits,
        bool_or(account_id is not null or account_rule = 'ambiguous') as is_reached,
        max(_file) as _file,
        max(_file_sha256) as _file_sha256
    from calls
    where client_digits is not null or calls_with_number = 0
    group by 1, 2
),

written_down as (
    select distinct digits from {{ ref('int_record_phones') }}
),

codes as (
    select distinct cast(calling_code as varchar) as calling_code from {{ ref('dialling_codes') }}
),

-- No calling code begins with another one.
coded as (
    select every_number.digits, coalesce(one.calling_code, two.calling_code, three.calling_code) as calling_code
    from (select digits from numbers where digits is not null union select digits from written_down) as every_number
    left join codes as one on substr(every_number.digits, 1, 1) = one.calling_code
    left join codes as two on substr(every_number.digits, 1, 2) = two.calling_code
    left join codes as three on substr(every_number.digits, 1, 3) = three.calling_code
),

written_by_code as (
    select coded.calling_code, count(*) as numbers
    from written_down
    inner join coded on written_down.digits = coded.digits
    group by coded.calling_code
),

called as (
    select
        numbers.contract,
        cast(null as varchar) as calling_code,
        count(*) as things,
        count_if(numbers.is_reached) as reached,
        (select count(*) from written_down) as others,
        max(numbers._file) as _file,
        max(numbers._file_sha256) as _file_sha256
    from numbers
    group by numbers.contract
    union all
    select
        numbers.contract,
        coded.calling_code,
        count(*),
        count_if(numbers.is_reached),
        coalesce(max(written_by_code.numbers), 0),
        max(numbers._file),
        max(numbers._file_sha256)
    from numbers
    inner join coded on numbers.digits = coded.digits
    left join written_by_code on coded.calling_code = written_by_code.calling_code
    where coded.calling_code is not null
    group by numbers.contract, coded.calling_code
),

attached as (
    {%- for fact, entity in facts.items() %}
    select _source as contract, '{{ entity }}' as entity, account_id, _file, _file_sha256 from {{ ref(fact) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rows_of as (
    select
        attached.contract,
        attached.entity,
        count(*) as things,
        count(attached.account_id) filter (where coalesce(accounts.is_named, true)) as reached,
        max(attached._file) as _file,
        max(attached._file_sha256) as _file_sha256
    from attached
    left join accounts on attached.account_id = accounts.account_id
    group by attached.contract, attached.entity
),

-- Three sides of companies: whom the CRM knows, whom billing knows, and of money whose system has no documents who paid.
sides as (
    select
        system,
        account_id,
        case
            when kind = 'crm_account' then 'crm.accounts'
            when system in (select _system from invoices) then 'billing.customers'
            when system in (select _system from payments) then 'billing.payments'
            else 'billing.customers'
        end as entity,
        max(_file) as _file
    from identities
    group by 1, 2, 3
),

met as (
    select
        account_id,
        bool_or(entity = 'crm.accounts') as is_in_crm,
        bool_or(entity = 'billing.customers') as is_billed,
        bool_or(entity <> 'crm.accounts') as is_in_billing
    from sides
    group by account_id
),

other_side as (
    select
        count_if(is_in_crm) as in_crm,
        count_if(is_billed) as billed,
        count_if(is_in_billing) as in_billing
    from met
),

companies as (
    select
        sides.system,
        sides.entity,
        count(*) as things,
        count_if(case sides.entity
            when 'crm.accounts' then met.is_in_billing
            when 'billing.customers' then met.is_in_crm
            else met.is_billed
        end) as reached,
        max(case sides.entity
            when 'crm.accounts' then other_side.in_billing
            when 'billing.customers' then other_side.in_crm
            else other_side.billed
        end) as others,
        max(sides._file) as _file
    from sides
    inner join met on sides.account_id = met.account_id
    cross join other_side
    group by sides.system, sides.entity
),

known_people as (
    select employee_id from owners where employee_id is not null
    union
    select employee_id from users
),

talkers as (
    select system, employee_id, max(_file) as _file
    from calls
    where employee_id is not null
    group by system, employee_id
),

people as (
    select
        talkers.system,
        count(*) as things,
        count(known_people.employee_id) as reached,
        (select count(*) from known_people) as others,
        max(talkers._file) as _file
    from talkers
    left join known_people on talkers.employee_id = known_people.employee_id
    group by talkers.system
),

proofs as (
    select
        'calls' as proof, contract, 'calls.calls' as entity, cast(null as varchar) as system, calling_code, things, reached, others,
        _file, _file_sha256
    from called
    union all
    select 'rows', contract, entity, null, null, things, reached, null, _file, _file_sha256 from rows_of
    union all
    select 'companies', null, entity, system, null, things, reached, others, _file, null from companies
    union all
    select 'people', null, 'crm.employees', system, null, things, reached, others, _file, null from people
),

-- Where all of a contract's numbers reach nobody its countries say nothing more; where no company is known nothing can be reached.
judged as (
    select
        proofs.*,
        case
            when proofs.proof in ('calls', 'rows') then proofs.things
            else {{ least_known('proofs.things', 'proofs.others') }}
        end as enough,
        case when proofs.proof in ('calls', 'rows') then settings.least_numbers else settings.least_records end as least,
        settings.least_share,
        (select count(*) from accounts where is_named) >= settings.least_records as are_accounts_known
    from proofs
    cross join settings
),

fallen as (
    select
        *,
        enough >= least and reached <= least_share * enough and are_accounts_known as is_low
    from judged
)

select
    proof,
    contract,
    entity,
    system,
    calling_code,
    cast(things as bigint) as things,
    cast(reached as bigint) as reached,
    cast(others as bigint) as others,
    is_low and (
        calling_code is null
        or not bool_or(is_low and calling_code is null) over (partition by proof, contract, entity, system)
    ) as is_fallen,
    _file,
    _file_sha256
from fallen
