-- Grain: one row per lead of a CRM of a known day: where it came from and the account that it became.
with leads as (
    select * from {{ ref('int_leads_resolved') }} where created_at is not null
),

run as (
    select * from {{ ref('int_run_dated') }}
)

select
    leads.lead_id,
    leads.account_id,
    leads.contact_id,
    leads.system,
    leads.account_rule,
    leads.lead_source,
    coalesce(names.source_key, {{ source_key('leads.lead_source') }}) as source_key,
    {{ business_date('leads.created_at', 'run.business_timezone') }} as created_on,
    leads.created_at
from leads
cross join run
left join {{ ref('dim_source_names') }} as names on {{ source_key('leads.lead_source') }} = names.name_key
