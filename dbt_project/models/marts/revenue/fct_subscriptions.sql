-- Grain: one row a subscription that any billing system has, with what it is worth a month (V2) in its own currency.
-- It runs from its first to its last day, both included. An export says its price as it is now: earlier prices are
-- not known, so that a price which is changed within one subscription counts for all its months.
with subscriptions as (
    select * from {{ ref('stg_billing__subscriptions') }}
),

identities as (
    select system, native_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
)

select
    {{ global_id('subscriptions._system', 'subscriptions.subscription_id') }} as subscription_id,
    coalesce(
        identities.account_id, {{ global_id('subscriptions._system', "coalesce(subscriptions.customer_id, '')") }}
    ) as account_id,
    {{ global_id('subscriptions._system', "coalesce(subscriptions.customer_id, '')") }} as customer_id,
    {{ global_id('subscriptions._system', 'subscriptions.product_id') }} as product_id,
    subscriptions.currency,
    subscriptions.interval_unit,
    subscriptions.interval_count,
    subscriptions.unit_price,
    subscriptions.quantity,
    {{ monthly_amount('subscriptions.unit_price', 'subscriptions.quantity', 'subscriptions.interval_unit',
        'subscriptions.interval_count') }} as monthly_amount,
    subscriptions.started_on,
    subscriptions.ended_on,
    {{ provenance('subscriptions') }},
    subscriptions._known_at
from subscriptions
left join identities
    on subscriptions._system = identities.system and coalesce(subscriptions.customer_id, '') = identities.native_id
