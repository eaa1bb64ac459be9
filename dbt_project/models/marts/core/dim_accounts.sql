-- Grain: one row per account: a CRM account that no other absorbed, or a billing customer that no CRM account is. Rows that name
-- no customer stand under one account a system, which is nobody (is_named): its money is money, and it is no customer.
with identities as (
    select * from {{ ref('int_account_identities') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

account_groups as (
    select * from {{ ref('int_account_groups') }}
),

billing_records as (
    select * from {{ ref('int_billing_customers_described') }}
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

terms as (
    select * from {{ ref('fct_account_terms') }}
),

counted as (
    select
        account_id,
        count(*) filter (where kind = 'crm_account') as crm_records,
        count(*) filter (where kind = 'billing_customer') as billing_records,
        count(*) filter (where rule = 'merged') as merged_records,
        min(score) as identity_score,
        bool_or(rule <> 'no_customer_given') as is_named
    from identities
    group by account_id
),

-- The record that gives the account its id comes first, then those of it in other CRMs, the surest match first. What the CRM
-- itself has merged into another of its records says nothing any more.
crm_placed as (
    select
        identities.account_id as resolved_id,
        accounts.*,
        row_number() over (
            partition by identities.account_id
            order by
                case
                    when identities.account_id = {{ global_id('identities.system', 'identities.native_id') }} then 0
                    else 1
                end,
                identities.score desc, identities.system, identities.native_id
        ) as place
    from accounts
    inner join identities
        on identities.kind = 'crm_account'
        and accounts._system = identities.system and accounts.account_id = identities.native_id
    where identities.rule <> 'merged'
),

{% set said = ['industry', 'segment', 'country', 'region', 'city', 'website', 'phone', 'email', 'tax_id'] %}
-- What the first does not say of the company is said by the next that does. What is the record's own, its name, its status and
-- its days, is the first's.
crm_records as (
    select
        resolved_id as account_id,
        {{ first_by('account_id', 'place') }} as native_id,
        {%- for column in ['name', 'status', 'created_at', 'updated_at', '_system', '_source', '_file', '_file_sha256', '_row'] %}
        {{ first_by(column, 'place') }} as {{ column }},
        {%- endfor %}
        {%- for column in said %}
        {{ first_by(column, 'place', among=column ~ ' is not null') }} as {{ column }},
        {%- endfor %}
        nullif(concat_ws(
            ','
            {%- for column in said %},
            case
                when {{ first_by(column, 'place') }} is null and count({{ column }}) > 0 then '{{ column }}'
            end
            {%- endfor %}
        ), '') as filled_columns
    from crm_placed
    group by resolved_id
),

owners_now as (
    select owners.account_id, owners.employee_id, owners.valid_from
    from owners
    inner join run on {{ holds_on('owners', 'run.as_of_date') }}
),

terms_now as (
    select
        terms.account_id,
        cast(max(terms.value) filter (where terms.terms_kind = 'payment_terms_days') as integer) as payment_terms_days,
        max(terms.value) filter (where terms.terms_kind = 'credit_limit') as credit_limit,
        max(terms.currency) as currency
    from terms
    inner join run on {{ holds_on('terms', 'run.as_of_date') }}
    group by terms.account_id
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
            case when not counted.is_named then 'No customer given' end,
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
        crm_records.filled_columns,
        cast(null as varchar) as tier,
        coalesce(billing_records.currency, terms_now.currency) as currency,
        terms_now.payment_terms_days,
        -- A limit in another currency than the customer's is none that its balance could be held against.
        case
            when coalesce(billing_records.currency, terms_now.currency) = terms_now.currency or terms_now.currency is null
                then terms_now.credit_limit
        end as credit_limit,
        billing_records.price_list,
        counted.identity_score,
        counted.merged_records,
        counted.billing_records,
        counted.crm_records > 0 as has_crm_record,
        counted.billing_records > 0 as has_billing_record,
        counted.is_named,
        crm_records.created_at,
        {{ business_date('crm_records.created_at', 'run.business_timezone') }} as created_on,
        crm_records.updated_at,
        owners_now.valid_from as owner_since,
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
    left join terms_now on counted.account_id = terms_now.account_id
)

select
    final.*,
    groups.account_name as group_name
from final
inner join final as groups on final.group_id = groups.account_id
