-- Grain: one row per deal that was won up to the as-of date: what of it is billed, and which of its documents are there
-- (R33-R35). Amounts are net of tax in the deal's currency; invoices in another one at the rate of their day.
with run as (
    select * from {{ ref('int_run_dated') }}
),

settings as (
    select
        as_of_date,
        cast({{ parameter('contract_after_won_days') }} as integer) as contract_days,
        cast({{ parameter('documents_due_days') }} as integer) as due_days
    from run
),

deals as (
    select
        deals.*,
        billing.won_amount,
        billing.invoiced_amount,
        billing.unbilled_amount,
        billing.missing_rate_count
    from {{ ref('fct_deals') }} as deals
    inner join {{ ref('fct_deal_billing') }} as billing on deals.deal_id = billing.deal_id
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

invoices as (
    {{ documents_of_deals() }}
),

-- A system that tells no signatures: there a document that exists has to do.
papers as (
    select
        documents.document_id,
        documents.account_id,
        documents.deal_id,
        documents.document_type,
        documents.sent_on,
        documents.signed_on,
        coalesce(documents.is_signed, true) as is_signed,
        coalesce(documents.starts_on, documents.signed_on, documents.sent_on) as starts_on,
        documents.ends_on
    from {{ ref('fct_documents') }} as documents
    where documents.document_type in ('contract', 'addendum', 'act')
),

-- The first invoice tells the lag by its own delivery date, known or not.
invoiced as (
    select
        deal_id,
        issued_on as first_invoice_on,
        delivered_on,
        min(due_on) over (partition by deal_id) as first_due_on
    from invoices
    where document_kind <> 'credit_note'
    qualify row_number() over (partition by deal_id order by issued_on, invoice_id) = 1
),

paid as (
    select
        invoices.deal_id,
        -sum(events.amount) filter (where events.event_type in ('payment', 'refund', 'chargeback', 'reversal')) as cash,
        sum(events.amount) as open_amount,
        {{ last_payment_day(
            'events.event_date', is_payment_dated('events.allocation', 'events.payment_id'), "events.event_type = 'payment'"
        ) }} as last_payment_on
    from {{ ref('fct_receivable_events') }} as events
    cross join run
    inner join invoices on events.invoice_id = invoices.invoice_id
    where events.event_date <= run.as_of_date
    group by invoices.deal_id
),

-- Where no export ever told of contracts, or of acts, nobody knows whether there is one: it is not missing.
document_feeds as (
    select
        count(*) filter (where document_type in ('contract', 'addendum')) > 0 as has_contracts,
        count(*) filter (where document_type = 'act') > 0 as has_acts
    from papers
),

-- A frame contract of the account names no deal: it counts when it is in force on the day the deal was won, or soon after.
contracted as (
    select
        deals.deal_id,
        count(*) as contracts,
        count(*) filter (where papers.is_signed) as signed_contracts,
        min(papers.sent_on) as contract_sent_on,
        min(papers.signed_on) as contract_signed_on
    from deals
    cross join settings
    inner join papers
        on papers.document_type in ('contract', 'addendum')
        and deals.account_id = papers.account_id
        and (
            papers.deal_id = deals.deal_id
            or (
                papers.deal_id is null
                and papers.starts_on <= {{ plus_days('deals.closed_on', 'settings.contract_days') }}
                and coalesce(papers.ends_on, {{ end_of_time() }}) >= deals.closed_on
            )
        )
    group by deals.deal_id
),

acted as (
    select
        deal_id,
        count(*) as acts,
        count(*) filter (where is_signed) as signed_acts,
        max(sent_on) as act_sent_on,
        max(signed_on) as act_signed_on
    from papers
    where document_type = 'act' and deal_id is not null
    group by deal_id
),

joined as (
    select
        deals.deal_id,
        deals.account_id,
        accounts.account_name,
        coalesce(deals.owner_id, accounts.owner_id) as owner_id,
        deals.name as deal_name,
        deals.currency,
        deals.won_amount,
        deals.invoiced_amount,
        deals.unbilled_amount,
        deals.missing_rate_count,
        {{ days_from('coalesce(invoiced.delivered_on, deals.closed_on)', 'invoiced.first_invoice_on') }}
            as invoice_lag_days,
        deals.invoiced_amount is not null or deals.missing_rate_count > 0 as are_invoices_linked,
        case when document_feeds.has_contracts then coalesce(contracted.contracts, 0) > 0 end as has_contract,
        case when document_feeds.has_contracts then coalesce(contracted.signed_contracts, 0) > 0 end as is_contract_signed,
        invoiced.deal_id is not null as has_invoice,
        case when document_feeds.has_acts then coalesce(acted.acts, 0) > 0 end as has_act,
        case when document_feeds.has_acts then coalesce(acted.signed_acts, 0) > 0 end as is_act_signed,
        coalesce(paid.cash, 0) > 0 as has_payment,
        coalesce(paid.open_amount, 0) <= 0 as is_paid,
        coalesce(invoiced.first_due_on < run.as_of_date, false) as is_payment_due,
        coalesce({{ plus_days('deals.closed_on', 'settings.due_days') }} < run.as_of_date, false) as is_due,
        deals.closed_on as won_on,
        contracted.contract_sent_on,
        contracted.contract_signed_on,
        invoiced.first_invoice_on,
        acted.act_sent_on,
        acted.act_signed_on,
        paid.last_payment_on,
        run.as_of_date,
        deals._file,
        deals._row
    from deals
    cross join run
    cross join settings
    cross join document_feeds
    left join accounts on deals.account_id = accounts.account_id
    left join invoiced on deals.deal_id = invoiced.deal_id
    left join paid on deals.deal_id = paid.deal_id
    left join contracted on deals.deal_id = contracted.deal_id
    left join acted on deals.deal_id = acted.deal_id
)

select
    deal_id,
    account_id,
    account_name,
    owner_id,
    deal_name,
    currency,
    nullif(concat_ws(
        ',',
        case when not has_contract then 'contract' when not is_contract_signed then 'contract_signature' end,
        case
            when are_invoices_linked and not has_invoice then 'invoice'
            when unbilled_amount > {{ parameter('unbilled_tolerance_percent') }} / 100 * won_amount
                then 'rest_of_invoice'
        end,
        case when not has_act then 'act' when not is_act_signed then 'act_signature' end,
        case
            when is_payment_due and not has_payment then 'payment'
            when is_payment_due and not is_paid then 'rest_of_payment'
        end
    ), '') as missing,
    won_amount,
    invoiced_amount,
    unbilled_amount,
    cast(missing_rate_count as bigint) as missing_rate_count,
    cast(invoice_lag_days as bigint) as invoice_lag_days,
    has_contract,
    is_contract_signed,
    has_invoice,
    has_act,
    is_act_signed,
    has_payment,
    has_contract and is_contract_signed and has_act and is_act_signed
    -- Where no invoice names any deal, nobody knows which is whose.
    and case when are_invoices_linked then has_invoice and has_payment end as is_complete,
    is_due,
    are_invoices_linked,
    won_on,
    contract_sent_on,
    contract_signed_on,
    first_invoice_on,
    act_sent_on,
    act_signed_on,
    last_payment_on,
    as_of_date,
    _file,
    _row
from joined
