-- Grain: one row per lead of a CRM of a known day: where it came from, the account that it became, and whether it was refused, as
-- the words of its status say (seed activity_purposes): no export has a day of that.
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
    employees.employee_id as owner_id,
    leads.lead_name,
    leads.system,
    leads.account_rule,
    leads.lead_source,
    coalesce(names.source_key, {{ source_key('leads.lead_source') }}) as source_key,
    leads.status,
    case
        when leads.is_converted then 'converted'
        when {{ tells_of('refused', 'leads.status') }} then 'refused'
        when {{ tells_of('converted', 'leads.status') }} then 'converted'
        else 'open'
    end as state,
    {{ phone_key(phone_digits(dialled('leads.phone'), 'codes')) }} as phone_key,
    {{ business_date('leads.created_at', 'run.business_timezone') }} as created_on,
    {{ business_date('leads.converted_at', 'run.business_timezone') }} as converted_on,
    leads.created_at,
    leads._source,
    leads._file,
    leads._file_sha256,
    leads._row
from leads
cross join run
left join {{ ref('int_employee_identities') }} as employees
    on leads.system = employees.system and leads.native_owner_id = employees.reference
left join {{ ref('dialling_codes') }} as codes on run.default_country = codes.country
left join {{ ref('dim_source_names') }} as names on {{ source_key('leads.lead_source') }} = names.name_key
