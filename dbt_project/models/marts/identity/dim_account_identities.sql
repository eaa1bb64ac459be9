-- Grain: one row a source system, kind (crm_account, billing_customer) and native id, with the account that it is.
with identities as (
    select * from {{ ref('int_account_identities') }}
),

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

customers as (
    select * from {{ ref('int_billing_customers_named') }}
)

select
    identities.system,
    identities.kind,
    identities.native_id,
    identities.account_id,
    {{ global_id('identities.system', 'identities.native_id') }} as record_id,
    coalesce(accounts.name, customers.customer_name) as name,
    identities.rule,
    identities.score,
    identities.evidence,
    identities.evidence_value,
    identities.matched_name,
    identities.likeness,
    identities.matched_email,
    identities.matched_domain,
    identities.matched_phone,
    coalesce(accounts._file, customers._file) as _file,
    coalesce(accounts._row, customers._row) as _row
from identities
left join accounts
    on identities.kind = 'crm_account'
    and identities.system = accounts._system and identities.native_id = accounts.account_id
left join customers
    on identities.kind = 'billing_customer'
    and identities.system = customers.system and identities.native_id = customers.native_id
