-- Grain: one row per source system and reference (user id, full name, e-mail, extension): whatever an export calls a
-- person. The first rule that answers counts. In the same system: user id, e-mail, full name. Across systems, each
-- only when one employee has it: e-mail, extension (call trackers), user id (plans), full name. Else the person is an
-- employee of their own, so that nothing they did is lost: rule not_in_export.
with users as (
    select * from {{ ref('int_employees_unified') }}
),

mentioned as (
    select
        *,
        coalesce({{ normalised_email('reference') }}, {{ normalised_email('name_hint') }}) as email_key,
        coalesce({{ normalised_name('name_hint') }}, {{ normalised_name('reference') }}) as name_key
    from {{ ref('int_employee_references') }}
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
)

select
    system,
    reference,
    coalesce(
        user_here, email_here, name_here, email_anywhere, extension_anywhere, user_anywhere, name_anywhere,
        {{ global_id('system', 'coalesce(name_hint, reference)') }}
    ) as employee_id,
    case
        when user_here is not null then 'user_id'
        when email_here is not null then 'email'
        when name_here is not null then 'full_name'
        when email_anywhere is not null then 'email_across_systems'
        when extension_anywhere is not null then 'extension'
        when user_anywhere is not null then 'user_id_across_systems'
        when name_anywhere is not null then 'full_name_across_systems'
        else 'not_in_export'
    end as rule,
    coalesce(name_hint, reference) as reference_name
from matched
