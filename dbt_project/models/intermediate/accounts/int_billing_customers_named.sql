-- Grain: one row per source system and billing customer id that occurs anywhere in billing; '' stands for a blank one.
-- An export of invoices alone names its customers by nothing but their ids: where an id has letters, it is the name.
-- The provenance is the customer's own record, else the first row that names the customer. A blank id is a customer
-- only where there is money behind it.
{%- set entities = ['customers', 'invoices', 'payments', 'adjustments', 'opening_balances', 'orders', 'subscriptions',
                    'dunning_events', 'promises'] %}
{%- set with_money = ['invoices', 'payments', 'adjustments', 'opening_balances', 'orders', 'subscriptions'] %}
with occurrences as (
    {%- for entity in entities %}
    select
        _system as system,
        coalesce(customer_id, '') as native_id,
        min(_file) as _file,
        {{ first_by('_row', "_file || ':' || lpad(cast(_row as varchar), 12, '0')") }} as _row,
        {{ loop.index }} as source_rank
    from {{ ref('stg_billing__' ~ entity) }}
    {%- if entity not in with_money %}
    where customer_id is not null
    {%- endif %}
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ids as (
    select *
    from occurrences
    qualify row_number() over (partition by system, native_id order by source_rank) = 1
),

customers as (
    select * from {{ ref('stg_billing__customers') }}
),

named as (
    select
        ids.system,
        ids.native_id,
        customers.account_id as given_account_id,
        coalesce(
            customers.name,
            case when upper(ids.native_id) <> lower(ids.native_id) then ids.native_id end
        ) as customer_name,
        customers.email,
        customers.tax_id,
        customers.city,
        customers.postal_code,
        customers.country,
        customers.customer_id is not null as is_in_customers,
        ids._file,
        ids._row
    from ids
    left join customers on ids.system = customers._system and ids.native_id = customers.customer_id
)

select * from named
