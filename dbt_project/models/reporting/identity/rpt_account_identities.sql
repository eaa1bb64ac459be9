-- Grain: one row a source system, kind (crm_account, billing_customer) and native id: which account it is, and why.
with identities as (
    select * from {{ ref('dim_account_identities') }}
),

accounts as (
    select account_id, account_name, has_crm_record from {{ ref('dim_accounts') }}
),

proposed as (
    select record_id, kind, count(*) as proposals from {{ ref('fct_match_proposals') }} group by record_id, kind
)

select
    identities.system,
    identities.kind,
    identities.native_id,
    identities.name,
    identities.account_id,
    accounts.account_name,
    identities.rule,
    identities.score,
    identities.evidence,
    identities.evidence_value,
    identities.matched_name,
    identities.likeness,
    identities.matched_email,
    identities.matched_domain,
    identities.matched_phone,
    accounts.has_crm_record,
    cast(coalesce(proposed.proposals, 0) as integer) as proposals,
    identities._file,
    identities._row
from identities
inner join accounts on identities.account_id = accounts.account_id
left join proposed on identities.record_id = proposed.record_id and identities.kind = proposed.kind
