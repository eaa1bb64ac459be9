-- Grain: one row per payment that a payments export holds. `is_received` ones count; pending and failed ones don't.
with payments as (
    select * from {{ ref('stg_billing__payments') }}
),

identities as (
    select system, native_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

final as (
    select
        {{ global_id('payments._system', 'payments.payment_id') }} as payment_id,
        {{ global_id('payments._system', "coalesce(payments.customer_id, '')") }} as customer_id,
        coalesce(
            identities.account_id, {{ global_id('payments._system', "coalesce(payments.customer_id, '')") }}
        ) as account_id,
        payments.currency,
        payments.method,
        payments.reference,
        payments.exchange_rate,
        payments.amount,
        payments.customer_id is not null as has_customer,
        coalesce(payments.status, 'received') = 'received' as is_settled,
        coalesce(payments.status, 'received') = 'received'
        and payments.amount is not null
        and payments.received_on is not null as is_received,
        payments.received_on,
        payments._system,
        payments._source,
        payments._file,
        payments._file_sha256,
        payments._row,
        payments._known_at
    from payments
    left join identities
        on payments._system = identities.system and coalesce(payments.customer_id, '') = identities.native_id
)

select * from final
