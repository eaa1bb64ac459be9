-- Grain: one row per person at an account. Who decides follows the words of list decision_maker_roles (A15): a word that
-- says no wins over one that says yes, and a person without a role or title is not known. A conversation counts for the
-- one person of its account who has the number: a number that several share is nobody's.
with run as (
    select * from {{ ref('int_run_dated') }}
),

contacts as (
    select * from {{ ref('dim_contacts') }} where account_id is not null
),

roles as (
    select
        job_title,
        contact_role,
        ' ' || concat_ws(
            ' ', {{ normalised_words('contact_role') }}, {{ normalised_words('job_title') }}
        ) || ' ' as words
    from contacts
    where {{ normalised_words('contact_role') }} is not null or {{ normalised_words('job_title') }} is not null
    group by job_title, contact_role
),

seeded as (
    select
        '% ' || {{ normalised_words('word') }} || case when is_whole_word then ' %' else '%' end as pattern,
        word,
        is_decision_maker
    from {{ ref('decision_maker_roles') }}
),

decided as (
    select
        roles.job_title,
        roles.contact_role,
        coalesce(min(case when seeded.is_decision_maker then 1 else 0 end), 0) = 1 as is_decision_maker,
        min(seeded.word) filter (where seeded.is_decision_maker) as word
    from roles
    left join seeded on roles.words like seeded.pattern
    group by roles.job_title, roles.contact_role
),

numbers as (
    select distinct contact_id, account_id, {{ phone_key('digits') }} as client_key
    from (
        select contact_id, account_id, {{ phone_digits(dialled('phone'), 'codes') }} as digits
        from contacts
        cross join run
        left join {{ ref('dialling_codes') }} as codes on run.default_country = codes.country
        union all
        select contact_id, account_id, {{ phone_digits(dialled('mobile'), 'codes') }}
        from contacts
        cross join run
        left join {{ ref('dialling_codes') }} as codes on run.default_country = codes.country
    ) as written
    where digits is not null
),

own_numbers as (
    select account_id, client_key, min(contact_id) as contact_id
    from numbers
    group by account_id, client_key
    having count(*) = 1
),

talks as (
    select contact_id, activity_type as channel, owner_id as employee_id, occurred_at, occurred_on, activity_id as id
    from {{ ref('fct_activities') }}
    where is_two_way and contact_id is not null and occurred_on is not null
    union all
    select own_numbers.contact_id, 'call', calls.employee_id, calls.started_at, calls.started_on, calls.conversation_id
    from {{ ref('fct_calls') }} as calls
    inner join own_numbers on calls.account_id = own_numbers.account_id and calls.client_key = own_numbers.client_key
    where calls.status = 'answered'
),

last_talks as (
    select talks.*
    from talks
    qualify row_number() over (
        partition by talks.contact_id order by talks.occurred_at desc nulls last, talks.id
    ) = 1
),

-- A birthday of 29 February is kept on the 28th in a year without one: months are counted from the day of birth.
birthdays as (
    select
        contacts.contact_id,
        case
            when {{ plus_months('contacts.birth_date', '12 * (extract(year from run.as_of_date) - extract(year from contacts.birth_date))') }}
                >= run.as_of_date
                then {{ plus_months('contacts.birth_date', '12 * (extract(year from run.as_of_date) - extract(year from contacts.birth_date))') }}
            else {{ plus_months('contacts.birth_date', '12 * (1 + extract(year from run.as_of_date) - extract(year from contacts.birth_date))') }}
        end as next_birthday_on
    from contacts
    inner join run on contacts.birth_date < run.as_of_date
)

select
    contacts.contact_id,
    contacts.account_id,
    contacts.full_name,
    contacts.job_title,
    contacts.contact_role,
    contacts.email,
    contacts.phone,
    contacts.mobile,
    decided.is_decision_maker,
    decided.word as decision_maker_word,
    coalesce(contacts.phone, contacts.mobile) is not null as has_phone,
    contacts.email is not null as has_email,
    contacts.birth_date,
    birthdays.next_birthday_on,
    {{ days_from('run.as_of_date', 'birthdays.next_birthday_on') }} as days_to_birthday,
    last_talks.occurred_at as last_two_way_at,
    last_talks.occurred_on as last_two_way_on,
    last_talks.channel as last_channel,
    last_talks.employee_id as last_contact_by_id,
    {{ days_from('last_talks.occurred_on', 'run.as_of_date') }} as days_silent,
    contacts.created_on,
    contacts._source,
    contacts._file,
    contacts._file_sha256,
    contacts._row
from contacts
cross join run
left join decided
    on coalesce(contacts.job_title, '') = coalesce(decided.job_title, '')
    and coalesce(contacts.contact_role, '') = coalesce(decided.contact_role, '')
left join last_talks on contacts.contact_id = last_talks.contact_id
left join birthdays on contacts.contact_id = birthdays.contact_id
