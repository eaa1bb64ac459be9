-- Grain: one row per source system and reference (user id, full name, e-mail, extension): whatever an export calls a
-- person. The first rule that answers counts. In the same system: user id, e-mail, full name. Across systems, each
-- only when one employee has it: e-mail, extension (call trackers), user id (plans), full name, its words in any order
-- (Berg Ann is Ann Berg). Else the person is an employee of their own, so that nothing they did is lost: rule
-- not_in_export. Whom no export lists as a user and a call tracker or a plan calls by the whole name of one owner in the
-- CRM, or by its words, is that one: full_name_across_systems.
{%- set owners = {
    'stg_crm__accounts': ['owner_id'], 'stg_crm__account_owners': ['owner_id'], 'stg_crm__leads': ['owner_id'],
    'stg_crm__deals': ['owner_id'], 'stg_crm__activities': ['owner_id'], 'stg_crm__cases': ['owner_id'],
    'stg_crm__employees': ['employee_id', 'manager_id'],
} %}
with users as (
    select * from {{ ref('int_employees_unified') }}
),

-- `name_hint` is the name that stands beside an agent's id in a call tracker's export, `id_hint` an id that stands beside
-- an agent's name.
occurrences as (
    {%- for model, columns in owners.items() %}{% for column in columns %}
    select distinct _system as system, {{ column }} as reference, cast(null as varchar) as name_hint,
        cast(null as varchar) as id_hint, 'crm' as domain
    from {{ ref(model) }}
    union all
    {%- endfor %}{% endfor %}
    select distinct _system, employee_id, cast(null as varchar), cast(null as varchar), 'plan'
    from {{ ref('stg_plan__targets') }}
    union all
    select distinct _system, employee_id, cast(null as varchar), cast(null as varchar), 'plan'
    from {{ ref('stg_plan__absences') }}
    union all
    select distinct _system, substitute_id, cast(null as varchar), cast(null as varchar), 'plan'
    from {{ ref('stg_plan__absences') }}
    union all
    select distinct _system, agent_id, agent_name, cast(null as varchar), 'calls' from {{ ref('stg_calls__calls') }}
    union all
    select distinct _system, agent_name, agent_name, agent_id, 'calls' from {{ ref('stg_calls__calls') }}
),

-- A plan and a call tracker call people by other systems' ids.
called as (
    select
        system,
        reference,
        max(name_hint) as name_hint,
        case when count(distinct id_hint) = 1 then max(id_hint) end as id_hint,
        bool_or(domain = 'plan') as is_plan,
        bool_or(domain = 'calls') as is_calls,
        bool_or(domain = 'crm') as is_owner
    from occurrences
    where reference is not null
    group by system, reference
),

named as (
    select
        *,
        coalesce({{ normalised_email('reference') }}, {{ normalised_email('name_hint') }}) as email_key,
        coalesce({{ normalised_name('name_hint') }}, {{ normalised_name('reference') }}) as name_key
    from called
),

mentioned as (
    select *, {{ words_in_order('name_key') }} as words_key from named
),

keys as (
    select system, 'user_id' as kind, native_id as key_value, employee_id from users
    union all
    select system, 'email', email_key, employee_id from users
    union all
    select system, 'full_name', name_key, employee_id from users
    union all
    select system, 'words', {{ words_in_order('name_key') }}, employee_id from users
    union all
    select system, 'extension', extension_key, employee_id from users
),

keys_here as (
    select system, kind, key_value, min(employee_id) as employee_id
    from keys
    where key_value is not null
    group by system, kind, key_value
    having count(distinct employee_id) = 1
),

keys_anywhere as (
    select kind, key_value, min(employee_id) as employee_id
    from keys
    where key_value is not null
    group by kind, key_value
    having count(distinct employee_id) = 1
),

matched as (
    select
        mentioned.system,
        mentioned.reference,
        mentioned.name_hint,
        mentioned.name_key,
        mentioned.words_key,
        mentioned.is_owner,
        {{ global_id('mentioned.system', 'coalesce(mentioned.name_hint, mentioned.reference)') }} as own_id,
        user_here.employee_id as user_here,
        email_here.employee_id as email_here,
        name_here.employee_id as name_here,
        email_anywhere.employee_id as email_anywhere,
        case when mentioned.is_calls then extension_anywhere.employee_id end as extension_anywhere,
        case when mentioned.is_plan then user_anywhere.employee_id end as user_anywhere,
        coalesce(name_anywhere.employee_id, words_anywhere.employee_id) as name_anywhere
    from mentioned
    left join keys_here as user_here
        on mentioned.system = user_here.system and user_here.kind = 'user_id'
        and mentioned.reference = user_here.key_value
    left join keys_here as email_here
        on mentioned.system = email_here.system and email_here.kind = 'email'
        and mentioned.email_key = email_here.key_value
    left join keys_here as name_here
        on mentioned.system = name_here.system and name_here.kind = 'full_name'
        and mentioned.name_key = name_here.key_value
    left join keys_anywhere as email_anywhere
        on email_anywhere.kind = 'email' and mentioned.email_key = email_anywhere.key_value
    left join keys_anywhere as extension_anywhere
        on extension_anywhere.kind = 'extension'
        and coalesce(mentioned.id_hint, mentioned.reference) = extension_anywhere.key_value
    left join keys_anywhere as user_anywhere
        on user_anywhere.kind = 'user_id' and mentioned.reference = user_anywhere.key_value
    left join keys_anywhere as name_anywhere
        on name_anywhere.kind = 'full_name' and mentioned.name_key = name_anywhere.key_value
    left join keys_anywhere as words_anywhere
        on words_anywhere.kind = 'words' and mentioned.words_key = words_anywhere.key_value
),

ruled as (
    select
        *,
        coalesce(
            user_here, email_here, name_here, email_anywhere, extension_anywhere, user_anywhere, name_anywhere
        ) as employee_id
    from matched
),

owners as (
    select 'full_name' as kind, name_key as key_value, own_id
    from ruled
    where employee_id is null and is_owner and words_key is not null
    union all
    select 'words', words_key, own_id
    from ruled
    where employee_id is null and is_owner and words_key is not null
),

known_owners as (
    select owners.kind, owners.key_value, min(owners.own_id) as employee_id
    from owners
    where not exists (select 1 from keys where keys.kind = owners.kind and keys.key_value = owners.key_value)
    group by owners.kind, owners.key_value
    having count(distinct owners.own_id) = 1
),

placed as (
    select ruled.*, coalesce(by_name.employee_id, by_words.employee_id) as owner_employee_id
    from ruled
    left join known_owners as by_name
        on by_name.kind = 'full_name' and ruled.name_key = by_name.key_value and not ruled.is_owner
    left join known_owners as by_words
        on by_words.kind = 'words' and ruled.words_key = by_words.key_value and not ruled.is_owner
)

select
    system,
    reference,
    coalesce(employee_id, owner_employee_id, own_id) as employee_id,
    case
        when user_here is not null then 'user_id'
        when email_here is not null then 'email'
        when name_here is not null then 'full_name'
        when email_anywhere is not null then 'email_across_systems'
        when extension_anywhere is not null then 'extension'
        when user_anywhere is not null then 'user_id_across_systems'
        when name_anywhere is not null or owner_employee_id <> own_id then 'full_name_across_systems'
        else 'not_in_export'
    end as rule,
    coalesce(name_hint, reference) as reference_name
from placed
