-- Grain: one row per product: of a product export, or named by an invoice line, a deal or a subscription alone.
with products as (
    select * from {{ ref('stg_crm__products') }}
),

mentioned as (
    select _system as system, product_id, description as name from {{ ref('stg_billing__invoice_lines') }}
    union all
    select _system, product_id, cast(null as varchar) from {{ ref('stg_billing__subscriptions') }}
    union all
    select _system, product_id, cast(null as varchar) from {{ ref('stg_crm__deals') }}
),

-- A product that only lines name is called as most of them describe it.
mentioned_once as (
    select system, product_id, name
    from mentioned
    where product_id is not null
    group by system, product_id, name
    qualify row_number() over (partition by system, product_id order by count(name) desc, name) = 1
)

select
    {{ global_id('_system', 'product_id') }} as product_id,
    _system as system,
    coalesce(name, product_id) as product_name,
    category,
    currency,
    list_price,
    true as is_in_export,
    _source,
    _file,
    _file_sha256,
    _row
from products
union all
select
    {{ global_id('mentioned_once.system', 'mentioned_once.product_id') }},
    mentioned_once.system,
    coalesce(mentioned_once.name, mentioned_once.product_id),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as decimal(18, 6)),
    false,
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as bigint)
from mentioned_once
left join products
    on mentioned_once.system = products._system and mentioned_once.product_id = products.product_id
where products.product_id is null
