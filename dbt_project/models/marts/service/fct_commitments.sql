-- Grain: one row per delivery, project, milestone, change, submission or report that a client waits for (E4, E5, E8 to E10,
-- E16, E17): by when we mean to, by when the client was told, and when it was.
with deliveries as (
    select * from {{ ref('stg_billing__deliveries') }}
),

commitments as (
    select * from {{ ref('stg_crm__commitments') }}
),

customers as (
    select system, native_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
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
    {{ global_id('deliveries._system', "'delivery:' || deliveries.delivery_id") }} as commitment_id,
    'delivery' as kind,
    customers.account_id,
    cast(null as varchar) as owner_id,
    deliveries._system as system,
    {{ unresolved_ids([('customer', 'deliveries.customer_id', 'customers.account_id')]) }} as unresolved_ids,
    deliveries.order_id as project,
    coalesce(products.product_name, deliveries.product_id) as title,
    cast(null as varchar) as currency,
    cast(null as decimal(18, 4)) as budget,
    cast(null as decimal(18, 4)) as spent,
    deliveries.quantity_ordered,
    deliveries.quantity_delivered,
    deliveries.ordered_on as made_on,
    deliveries.internal_on,
    deliveries.promised_on,
    cast(null as date) as approved_on,
    deliveries.delivered_on as done_on,
    {{ provenance('deliveries') }}
from deliveries
left join customers on deliveries._system = customers.system and deliveries.customer_id = customers.native_id
left join products on {{ global_id('deliveries._system', 'deliveries.product_id') }} = products.product_id

union all

select
    {{ global_id('commitments._system', 'commitments.commitment_id') }},
    commitments.kind,
    account_references.account_id,
    employees.employee_id,
    commitments._system,
    {{ unresolved_ids([('account', 'commitments.account_id', 'account_references.account_id')]) }},
    commitments.project,
    commitments.title,
    commitments.currency,
    {{ money('commitments.budget') }},
    {{ money('commitments.spent') }},
    cast(null as decimal(18, 6)),
    cast(null as decimal(18, 6)),
    commitments.made_on,
    commitments.internal_on,
    commitments.promised_on,
    commitments.approved_on,
    commitments.done_on,
    {{ provenance('commitments') }}
from commitments
left join account_references
    on commitments._system = account_references.system and commitments.account_id = account_references.reference
left join employees on commitments._system = employees.system and commitments.owner_id = employees.reference
