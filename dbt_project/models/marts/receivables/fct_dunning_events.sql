-- Grain: one row per reminder that was sent.
with dunning as (
    select * from {{ ref('stg_billing__dunning_events') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

identities as (
    select system, native_id, customer_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

documents as (
    select invoice_id, account_id, customer_id from {{ ref('int_billing_documents') }}
),

final as (
    select
        {{ global_id('dunning._system', 'dunning.dunning_id') }} as dunning_id,
        coalesce(documents.account_id, identities.account_id) as account_id,
        coalesce(
            documents.customer_id,
            case when dunning.customer_id is not null then identities.customer_id end,
            {{ global_id('dunning._system', 'dunning.customer_id') }}
        ) as customer_id,
        {{ global_id('dunning._system', 'dunning.invoice_id') }} as invoice_id,
        dunning.channel,
        dunning.level,
        dunning.sent_at,
        {{ business_date('dunning.sent_at', 'run.business_timezone') }} as sent_on,
        {{ provenance('dunning') }}
    from dunning
    cross join run
    left join documents on {{ global_id('dunning._system', 'dunning.invoice_id') }} = documents.invoice_id
    left join identities
        on dunning._system = identities.system and coalesce(dunning.customer_id, '') = identities.native_id
)

select * from final
