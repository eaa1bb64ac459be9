-- Grain: one row per source system and billing customer id that occurs anywhere in billing; '' stands for a blank one.
-- An export of invoices alone names its customers by nothing but their ids: where an id has letters, it is the name.
-- The provenance is the customer's own record, else the first row that names the customer. A blank id is a customer
-- only where there is money behind it.
-- One export of a system calls a customer by its id, another by its name: an id that is the name of one other customer of
-- the system, whose own id is something else, is that customer (named_id). Of several with the name nobody guesses
-- (namesakes), and a person's word (account_links) goes before.
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
        customers.known_as,
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
),

called as (
    select system, native_id, tax_id, {{ normalised_name('customer_name') }} as name_key
    from named
    where is_in_customers
    union
    select system, native_id, tax_id, {{ normalised_name('known_as') }}
    from named
    where is_in_customers
),

holders as (
    select
        system,
        name_key,
        min(native_id) as native_id,
        max({{ normalised_tax_id('tax_id') }}) as tax_key,
        count(distinct native_id) as customers
    from called
    where name_key <> {{ normalised_name('native_id') }}
    group by system, name_key
),

decided as (
    select distinct {{ blank_to_null('system') }} as system, {{ blank_to_null('native_id') }} as native_id
    from {{ ref('stg_lists__account_links') }}
    where kind = 'billing_customer'
)

select
    named.* exclude (known_as),
    case when holders.customers = 1 then holders.native_id end as named_id,
    coalesce(holders.customers, 0) as namesakes
from named
left join decided on named.system = decided.system and named.native_id = decided.native_id
left join holders
    on named.system = holders.system
    and {{ normalised_name('named.native_id') }} = holders.name_key
    and {{ normalised_name('named.native_id') }} = {{ normalised_name('named.customer_name') }}
    and not {{ tax_ids_differ(normalised_tax_id('named.tax_id'), 'holders.tax_key') }}
    and decided.native_id is null
