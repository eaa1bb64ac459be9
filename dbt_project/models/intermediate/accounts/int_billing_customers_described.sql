-- Grain: one row an account that has billing customers: the record that describes it. Of several, in one billing system or more,
-- the surest match that has a record of its own.
with identities as (
    select * from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

customers as (
    select * from {{ ref('stg_billing__customers') }}
),

customers_named as (
    select * from {{ ref('int_billing_customers_named') }}
)

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
qualify row_number() over (
    partition by identities.account_id
    order by case when customers_named.is_in_customers then 0 else 1 end, identities.score desc,
        identities.system, identities.native_id
) = 1
