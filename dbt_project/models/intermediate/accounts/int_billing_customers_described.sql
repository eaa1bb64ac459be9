-- Grain: one row per account that has billing customers: what their records say of it. Of several, in one billing system or more,
-- the surest match that has a record of its own names it; what that one does not say is said by the next that does.
with identities as (
    select * from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

customers as (
    select * from {{ ref('stg_billing__customers') }}
),

customers_named as (
    select * from {{ ref('int_billing_customers_named') }}
),

placed as (
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
        customers.price_list,
        customers._source,
        customers._file_sha256,
        row_number() over (
            partition by identities.account_id
            order by case when customers_named.is_in_customers then 0 else 1 end, identities.score desc,
                identities.system, identities.native_id
        ) as place
    from identities
    inner join customers_named
        on identities.system = customers_named.system and identities.native_id = customers_named.native_id
    left join customers on identities.system = customers._system and identities.native_id = customers.customer_id
)

select
    account_id,
    {%- for column in ['system', 'native_id', 'customer_name', '_file', '_row'] %}
    {{ first_by(column, 'place') }} as {{ column }},
    {%- endfor %}
    {%- for column in ['email', 'phone', 'tax_id', 'city', 'country', 'currency', 'payment_terms_days', 'credit_limit',
        'price_list'] %}
    {{ first_by(column, 'place', among=column ~ ' is not null') }} as {{ column }},
    {%- endfor %}
    {{ first_by('currency', 'place', among='credit_limit is not null') }} as credit_limit_currency,
    {{ first_by('_source', 'place') }} as _source,
    {{ first_by('_file_sha256', 'place') }} as _file_sha256
from placed
group by account_id
