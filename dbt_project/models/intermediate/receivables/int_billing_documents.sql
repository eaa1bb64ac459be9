-- Grain: one row per billing document (invoice, credit note, debit note, prepayment) or opening balance.
-- Dates, customer, account and amounts resolved. `is_receivable` documents are those of the ledger; `is_credit` are
-- credit notes that count.
-- A document that its newest full export no longer holds is void from the day that this was seen, and one that no list
-- of open items holds any more is settled.
with invoices as (
    select * from {{ ref('stg_billing__invoices') }}
),

customers as (
    select {{ global_id('_system', 'customer_id') }} as customer_id, payment_terms_days
    from {{ ref('stg_billing__customers') }}
),

identities as (
    select system, native_id, customer_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

opening_balances as (
    select
        balances.*,
        row_number() over (
            partition by
                balances._system, coalesce(identities.customer_id, balances.customer_id, ''), balances.currency
            order by balances.as_of, balances.customer_id
        ) as place
    from {{ ref('stg_billing__opening_balances') }} as balances
    left join identities
        on balances._system = identities.system and coalesce(balances.customer_id, '') = identities.native_id
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

deals as (
    select
        deal_id as native_id,
        min({{ global_id('_system', 'deal_id') }}) as deal_id,
        count(*) as deals
    from {{ ref('stg_crm__deals') }}
    group by deal_id
),

own_deals as (
    select _system, deal_id as native_id, {{ global_id('_system', 'deal_id') }} as deal_id
    from {{ ref('stg_crm__deals') }}
),

documents as (
    select
        {{ global_id('_system', 'invoice_id') }} as invoice_id,
        invoice_id as native_id,
        coalesce(customer_id, '') as native_customer_id,
        deal_id as native_deal_id,
        coalesce(number, invoice_id) as invoice_number,
        coalesce(document_kind, 'invoice') as document_kind,
        case
            when vanished_from = 'full' and coalesce(status, 'issued') = 'issued' then 'void'
            else coalesce(status, case when voided_on is null then 'issued' else 'void' end)
        end as status,
        currency,
        exchange_rate,
        -- A credit note is written by some with a minus, by others without; here it is what the note is worth.
        case when document_kind = 'credit_note' then abs(net_amount) else net_amount end as net_amount,
        case when document_kind = 'credit_note' then abs(tax_amount) else tax_amount end as tax_amount,
        case when document_kind = 'credit_note' then abs(gross_amount) else gross_amount end as gross_amount,
        case
            when document_kind = 'credit_note' then abs(reported_balance)
            else reported_balance
        end as reported_balance,
        is_disputed,
        issued_on,
        due_on,
        delivered_on,
        -- One that was void already, nobody knows since when, does not become so as it vanishes.
        case
            when vanished_from = 'full' and coalesce(status, 'issued') = 'issued' then coalesce(voided_on, vanished_on)
            else voided_on
        end as voided_on,
        case when vanished_from = 'open_items' then coalesce(settled_on, vanished_on) else settled_on end as settled_on,
        disputed_on,
        dispute_resolved_on,
        _system,
        _source,
        _file,
        _file_sha256,
        _row,
        _known_at,
        reported_balance_known_at
    from invoices
    union all
    -- A later opening balance of the same customer holds the earlier one and what came since: only the first is a debt.
    select
        _system || ':opening:' || coalesce(customer_id, '') || ':' || currency || ':' || cast(as_of as varchar(10)),
        null,
        coalesce(customer_id, ''),
        null,
        null,
        'opening',
        case when place = 1 then 'issued' else 'superseded' end,
        currency,
        null,
        amount,
        null,
        amount,
        null,
        false,
        as_of,
        due_on,
        null,
        null,
        null,
        null,
        null,
        _system,
        _source,
        _file,
        _file_sha256,
        _row,
        _known_at,
        null
    from opening_balances
),

resolved as (
    select
        documents.invoice_id,
        coalesce(
            identities.customer_id, {{ global_id('documents._system', 'documents.native_customer_id') }}
        ) as customer_id,
        coalesce(
            identities.account_id, {{ global_id('documents._system', 'documents.native_customer_id') }}
        ) as account_id,
        coalesce(own_deals.deal_id, case when deals.deals = 1 then deals.deal_id end) as deal_id,
        documents.invoice_number,
        documents.document_kind,
        documents.status,
        documents.currency,
        case
            when documents.due_on is not null then 'given'
            when customers.payment_terms_days is not null and documents.document_kind <> 'opening' then 'terms'
            else 'issue_date'
        end as due_rule,
        documents.exchange_rate,
        {{ money(
            'coalesce(documents.net_amount, documents.gross_amount - coalesce(documents.tax_amount, 0))'
        ) }} as net_amount,
        documents.tax_amount,
        -- Of a document of which only what is open is known, that is the least that it was: what was sold is not known.
        {{ money(
            'coalesce(documents.gross_amount, documents.net_amount + coalesce(documents.tax_amount, 0), '
            ~ 'documents.reported_balance)'
        ) }} as gross_amount,
        documents.reported_balance,
        rates.rate,
        documents.status = 'void' as is_void,
        documents.status = 'draft' as is_draft,
        -- A void document was a debt until it was made void; one whose day nobody knows never counts.
        coalesce(
            documents.issued_on is not null
            and (
                documents.status = 'issued'
                or (documents.status = 'void' and documents.voided_on > documents.issued_on)
            ),
            false
        ) as is_issued,
        coalesce(documents.is_disputed, false) or documents.disputed_on is not null as is_disputed,
        documents.issued_on,
        coalesce(
            documents.due_on,
            case when documents.document_kind = 'opening' then documents.issued_on end,
            {{ plus_days('documents.issued_on', 'coalesce(customers.payment_terms_days, 0)') }}
        ) as due_on,
        documents.delivered_on,
        case when documents.status = 'void' then documents.voided_on end as voided_on,
        documents.settled_on,
        documents.disputed_on,
        documents.dispute_resolved_on,
        documents._system,
        documents._source,
        documents._file,
        documents._file_sha256,
        documents._row,
        documents._known_at,
        documents.reported_balance_known_at
    from documents
    left join identities
        on documents._system = identities.system and documents.native_customer_id = identities.native_id
    left join customers
        on coalesce(identities.customer_id, {{ global_id('documents._system', 'documents.native_customer_id') }})
        = customers.customer_id
    left join rates on documents.currency = rates.currency and documents.issued_on = rates.rate_date
    left join own_deals on documents._system = own_deals._system and documents.native_deal_id = own_deals.native_id
    left join deals on documents.native_deal_id = deals.native_id
),

final as (
    select
        resolved.*,
        {{ money('net_amount * rate') }} as net_amount_base,
        {{ money('gross_amount * rate') }} as gross_amount_base,
        is_issued
        and gross_amount is not null
        and document_kind in ('invoice', 'debit_note', 'opening') as is_receivable,
        is_issued and gross_amount is not null and document_kind = 'credit_note' as is_credit
    from resolved
)

select * from final
