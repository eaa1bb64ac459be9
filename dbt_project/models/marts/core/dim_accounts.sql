-- Grain: one row an account: a CRM account that no other absorbed, or a billing customer that no CRM account is.
with identities as (
    select * from {{ ref('int_account_identities') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

account_groups as (
    select * from {{ ref('int_account_groups') }}
),

customers as (
    select * from {{ ref('stg_billing__customers') }}
),

customers_named as (
    select * from {{ ref('int_billing_customers_named') }}
),

owners as (
    select * from {{ ref('int_account_owners_dated') }}
),

documents as (
    select * from {{ ref('stg_crm__documents') }}
),

counted as (
    select
        account_id,
        count(*) filter (where kind = 'crm_account') as crm_records,
        count(*) filter (where kind = 'billing_customer') as billing_records,
        count(*) filter (where rule = 'merged') as merged_records,
        min(score) as identity_score
    from identities
    group by account_id
),

crm_records as (
    select
        identities.account_id,
        accounts.account_id as native_id,
        accounts.name,
        accounts.industry,
        accounts.segment,
        accounts.country,
        accounts.region,
        accounts.city,
        accounts.website,
        accounts.phone,
        accounts.email,
        accounts.tax_id,
        accounts.status,
        accounts.created_at,
        accounts.updated_at,
        accounts._system,
        accounts._source,
        accounts._file,
        accounts._file_sha256,
        accounts._row
    from accounts
    inner join identities
        on identities.kind = 'crm_account'
        and accounts._system = identities.system and accounts.account_id = identities.native_id
    -- An account that is in several CRMs is described by the record that gives it its id.
    where identities.account_id = {{ global_id('identities.system', 'identities.native_id') }}
),

-- An account may have customers in several billing systems: the surest match that has a record of its own describes it.
billing_records as (
    select
        identities.account_id,
        identities.system,
        identities.native_id,
        customers_named.customer_name,
        customers_named._file,
        customers_named._row,
        customers.email,
        customers.phone,
        customers.tax_id,
        customers.city,
        customers.country,
        customers.currency,
        customers.payment_terms_days,
        customers.credit_limit,
        customers._source,
        customers._file_sha256
    from identities
    inner join customers_named
        on identities.system = customers_named.system and identities.native_id = customers_named.native_id
    left join customers on identities.system = customers._system and identities.native_id = customers.customer_id
    where identities.kind = 'billing_customer'
    qualify row_number() over (
        partition by identities.account_id
        order by case when customers_named.is_in_customers then 0 else 1 end, identities.score desc,
            identities.system, identities.native_id
    ) = 1
),

owners_now as (
    select owners.account_id, owners.employee_id, owners.starts_on
    from owners
    cross join run
    where coalesce(owners.starts_on, run.as_of_date) <= run.as_of_date
        and coalesce(owners.ends_on, run.as_of_date) >= run.as_of_date
    qualify row_number() over (partition by owners.account_id order by owners.starts_on desc nulls last) = 1
),

-- The terms of the newest contract or addendum that says any, for accounts whose customer record says none.
contract_terms as (
    select
        account_references.account_id,
        {{ last_by(
            'documents.payment_terms_days', 'coalesce(documents.signed_at, documents.sent_at)', 'documents.document_id',
            among='documents.payment_terms_days is not null'
        ) }} as payment_terms_days,
        {{ last_by(
            'documents.credit_limit', 'coalesce(documents.signed_at, documents.sent_at)', 'documents.document_id',
            among='documents.credit_limit is not null'
        ) }} as credit_limit,
        {{ last_by(
            'documents.currency', 'coalesce(documents.signed_at, documents.sent_at)', 'documents.document_id',
            among='documents.credit_limit is not null'
        ) }} as currency
    from documents
    inner join account_references
        on documents._system = account_references.system and documents.account_id = account_references.reference
    where documents.document_type in ('contract', 'addendum') and account_references.account_id is not null
    group by account_references.account_id
),

final as (
    select
        counted.account_id,
        account_groups.parent_account_id,
        account_groups.group_id,
        account_groups.group_rule,
        owners_now.employee_id as owner_id,
        coalesce(crm_records._system, billing_records.system) as system,
        coalesce(
            crm_records.name,
            case when billing_records.native_id = '' then 'No customer given' end,
            billing_records.customer_name,
            crm_records.native_id,
            billing_records.native_id
        ) as account_name,
        crm_records.industry,
        crm_records.segment,
        coalesce(crm_records.country, billing_records.country) as country,
        crm_records.region,
        coalesce(crm_records.city, billing_records.city) as city,
        crm_records.website,
        coalesce(crm_records.phone, billing_records.phone) as phone,
        coalesce(crm_records.email, billing_records.email) as email,
        coalesce(crm_records.tax_id, billing_records.tax_id) as tax_id,
        crm_records.status as crm_status,
        cast(null as varchar) as tier,
        coalesce(
            billing_records.currency,
            case when billing_records.credit_limit is null then contract_terms.currency end
        ) as currency,
        coalesce(billing_records.payment_terms_days, contract_terms.payment_terms_days) as payment_terms_days,
        coalesce(
            billing_records.credit_limit,
            case
                when coalesce(billing_records.currency, contract_terms.currency) = contract_terms.currency
                    then contract_terms.credit_limit
            end
        ) as credit_limit,
        counted.identity_score,
        counted.merged_records,
        counted.billing_records,
        counted.crm_records > 0 as has_crm_record,
        counted.billing_records > 0 as has_billing_record,
        crm_records.created_at,
        {{ business_date('crm_records.created_at', 'run.business_timezone') }} as created_on,
        crm_records.updated_at,
        owners_now.starts_on as owner_since,
        coalesce(crm_records._source, billing_records._source) as _source,
        coalesce(crm_records._file, billing_records._file) as _file,
        coalesce(crm_records._file_sha256, billing_records._file_sha256) as _file_sha256,
        coalesce(crm_records._row, billing_records._row) as _row
    from counted
    cross join run
    left join crm_records on counted.account_id = crm_records.account_id
    left join billing_records on counted.account_id = billing_records.account_id
    inner join account_groups on counted.account_id = account_groups.account_id
    left join owners_now on counted.account_id = owners_now.account_id
    left join contract_terms on counted.account_id = contract_terms.account_id
)

select
    final.*,
    groups.account_name as group_name
from final
inner join final as groups on final.group_id = groups.account_id
