-- Grain: one row per source system and reference: every way in which an export calls a person of ours. `name_hint` is
-- the name that stands beside an agent's id in a call tracker's export, `id_hint` the only id that stands beside an
-- agent's name. A plan and a call tracker call people by other systems' ids, hence is_plan and is_calls.
{%- set owners = {
    'stg_crm__accounts': ['owner_id'], 'stg_crm__account_owners': ['owner_id'], 'stg_crm__leads': ['owner_id'],
    'stg_crm__deals': ['owner_id'], 'stg_crm__activities': ['owner_id'], 'stg_crm__cases': ['owner_id'],
    'stg_crm__employees': ['employee_id', 'manager_id'],
} %}
with occurrences as (
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
)

select
    system,
    reference,
    max(name_hint) as name_hint,
    case when count(distinct id_hint) = 1 then max(id_hint) end as id_hint,
    bool_or(domain = 'plan') as is_plan,
    bool_or(domain = 'calls') as is_calls
from occurrences
where reference is not null
group by system, reference
