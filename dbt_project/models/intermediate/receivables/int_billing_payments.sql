-- Grain: one row per payment that a payments export holds. `is_received` ones count; pending and failed ones don't.
-- A payment that names no customer is of the one whose invoices its applications name, if that is one.
with payments as (
    select * from {{ ref('stg_billing__payments') }}
),

identities as (
    select system, native_id, customer_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

applied_to as (
    select
        applications._system,
        applications.payment_id,
        min(invoices.customer_id) as customer_id
    from {{ ref('stg_billing__applications') }} as applications
    inner join {{ ref('stg_billing__invoices') }} as invoices
        on applications._system = invoices._system and applications.invoice_id = invoices.invoice_id
    where applications.payment_id is not null
    group by applications._system, applications.payment_id
    having count(distinct invoices.customer_id) = 1
),

named as (
    select
        payments.* exclude (customer_id),
        coalesce(nullif(payments.customer_id, ''), applied_to.customer_id) as customer_id
    from payments
    left join applied_to
        on payments._system = applied_to._system
        and payments.payment_id = applied_to.payment_id
        and nullif(payments.customer_id, '') is null
),

final as (
    select
        {{ global_id('named._system', 'named.payment_id') }} as payment_id,
        coalesce(
            identities.customer_id, {{ global_id('named._system', "coalesce(named.customer_id, '')") }}
        ) as customer_id,
        coalesce(
            identities.account_id, {{ global_id('named._system', "coalesce(named.customer_id, '')") }}
        ) as account_id,
        named.currency,
        named.method,
        named.reference,
        named.amount,
        named.customer_id is not null as has_customer,
        coalesce(named.status, 'received') = 'received' as is_settled,
        coalesce(named.status, 'received') = 'received'
        and named.amount is not null
        and named.received_on is not null as is_received,
        named.received_on,
        {{ provenance('named') }},
        named._known_at
    from named
    left join identities
        on named._system = identities.system and coalesce(named.customer_id, '') = identities.native_id
)

select * from final
