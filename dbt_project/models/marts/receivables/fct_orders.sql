-- Grain: one row per billing order: what a customer has ordered and has not been invoiced for (R24).
with orders as (
    select * from {{ ref('stg_billing__orders') }}
),

identities as (
    select system, native_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
)

select
    {{ global_id('orders._system', 'orders.order_id') }} as order_id,
    coalesce(
        identities.account_id, {{ global_id('orders._system', "coalesce(orders.customer_id, '')") }}
    ) as account_id,
    orders.currency,
    orders.status,
    {{ money('orders.open_amount') }} as open_amount,
    coalesce(lower(orders.status), 'open') not in ('draft', 'cancelled', 'canceled', 'void', 'closed')
    and coalesce(orders.open_amount, 0) > 0 as is_open,
    orders.ordered_on,
    {{ provenance('orders') }}
from orders
left join identities
    on orders._system = identities.system and coalesce(orders.customer_id, '') = identities.native_id
