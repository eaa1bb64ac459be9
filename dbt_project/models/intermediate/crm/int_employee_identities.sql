-- Grain: one row per source system and reference (user id, full name, e-mail, extension): whatever an export calls a
-- person. The first rule that answers counts. In the same system: user id, e-mail, full name. Across systems, each
-- only when one employee has it: e-mail, extension (call trackers), user id (plans), full name. Else the person is an
-- employee of their own, so that nothing they did is lost: rule not_in_export. Whom no export lists as a user and a call
-- tracker or a plan calls by the whole name of one owner in the CRM is that one: full_name_across_systems.
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

mentioned as (
    select
        *,
        coalesce({{ normalised_email('reference') }}, {{ normalised_email('name_hint') }}) as email_key,
        coalesce({{ normalised_name('name_hint') }}, {{ normalised_name('reference') }}) as name_key
    from called
),

keys as (
    select system, 'user_id' as kind, native_id as key_value, employee_id from users
    union all
    select system, 'email', email_key, employee_id from users
    union all
    select system, 'full_name', name_key, employee_id from users
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
        mentioned.is_owner,
        {{ global_id('mentioned.system', 'coalesce(mentioned.name_hint, mentioned.reference)') }} as own_id,
        user_here.employee_id as user_here,
        email_here.employee_id as email_here,
        name_here.employee_id as name_here,
        email_anywhere.employee_id as email_anywhere,
        case when mentioned.is_calls then extension_anywhere.employee_id end as extension_anywhere,
        case when mentioned.is_plan then user_anywhere.employee_id end as user_anywhere,
        name_anywhere.employee_id as name_anywhere
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
    select name_key, min(own_id) as employee_id
    from ruled
    where employee_id is null and is_owner and name_key like '% %'
        and not exists (select 1 from keys where keys.kind = 'full_name' and keys.key_value = ruled.name_key)
    group by name_key
    having count(distinct own_id) = 1
)

select
    ruled.system,
    ruled.reference,
    coalesce(ruled.employee_id, owners.employee_id, ruled.own_id) as employee_id,
    case
        when ruled.user_here is not null then 'user_id'
        when ruled.email_here is not null then 'email'
        when ruled.name_here is not null then 'full_name'
        when ruled.email_anywhere is not null then 'email_across_systems'
        when ruled.extension_anywhere is not null then 'extension'
        when ruled.user_anywhere is not null then 'user_id_across_systems'
        when ruled.name_anywhere is not null or owners.employee_id <> ruled.own_id then 'full_name_across_systems'
        else 'not_in_export'
    end as rule,
    coalesce(ruled.name_hint, ruled.reference) as reference_name
from ruled
left join owners on ruled.name_key = owners.name_key and not ruled.is_owner
