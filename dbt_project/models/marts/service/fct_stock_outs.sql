-- Grain: one row per request of a client for what was out of stock (E6, E7).
with stock_outs as (
    select * from {{ ref('stg_crm__stock_outs') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

products as (
    select product_id, product_name from {{ ref('dim_products') }}
)

select
    {{ global_id('stock_outs._system', 'stock_outs.stock_out_id') }} as stock_out_id,
    account_references.account_id,
    employees.employee_id as owner_id,
    stock_outs._system as system,
    {{ unresolved_ids([('account', 'stock_outs.account_id', 'account_references.account_id')]) }} as unresolved_ids,
    coalesce(products.product_name, stock_outs.product_id) as product_name,
    stock_outs.outcome,
    stock_outs.currency,
    {{ money('stock_outs.amount') }} as amount,
    stock_outs.quantity,
    stock_outs.asked_on,
    stock_outs.supply_requested_on,
    stock_outs.told_on,
    stock_outs.expected_on,
    stock_outs.analogue_offered_on,
    stock_outs.closed_on,
    {{ provenance('stock_outs') }}
from stock_outs
left join account_references
    on stock_outs._system = account_references.system and stock_outs.account_id = account_references.reference
left join employees on stock_outs._system = employees.system and stock_outs.owner_id = employees.reference
left join products on {{ global_id('stock_outs._system', 'stock_outs.product_id') }} = products.product_id
