-- Grain: one row per won deal and event that changes what cash has been earned on it (P21): what was paid on its invoices, at most
-- what is left of them after credit notes and write-offs, net of tax and in the base currency at the rate of each document's
-- own day, so that what is taken back is worth what was paid. Nothing is earned before the deal was won.
with deals as (
    select deal_id, closed_on from {{ ref('fct_deals') }} where status = 'won' and closed_on is not null
),

documents as (
    select
        invoices.*,
        deals.closed_on as won_on,
        -- One unit of the document, net and in the base currency.
        cast(invoices.net_amount_base as double) / nullif(cast(invoices.gross_amount as double), 0) as net_base_rate
    from {{ ref('fct_invoices') }} as invoices
    inner join deals on invoices.deal_id = deals.deal_id
    where not invoices.is_draft and not invoices.is_void and invoices.issued_on is not null
),

events as (
    select
        documents.deal_id,
        documents.won_on,
        events.event_id,
        events.event_type,
        events.event_date,
        events.event_type in ('payment', 'refund', 'chargeback', 'reversal') as is_cash,
        events.amount * documents.net_base_rate as amount,
        documents.net_base_rate is null as is_unrated,
        events._source,
        events._file,
        events._file_sha256,
        events._row
    from {{ ref('fct_receivable_events') }} as events
    inner join documents on events.invoice_id = documents.invoice_id
    -- A credit note that names the deal is told by its own document, whether it is set off or not.
    left join documents as credits on events.credit_note_id = credits.invoice_id and documents.deal_id = credits.deal_id
    where credits.invoice_id is null
    union all
    select
        deal_id,
        won_on,
        'credit_note:' || invoice_id,
        'credit_note',
        issued_on,
        false,
        -abs(net_amount_base),
        net_amount_base is null,
        _source,
        _file,
        _file_sha256,
        _row
    from documents
    where document_kind = 'credit_note'
),

ordered as (
    select
        *,
        case when event_date < won_on then won_on else event_date end as occurred_on,
        row_number() over deal as step,
        sum(case when is_cash then -amount else 0 end) over deal as cash,
        sum(case when is_cash then 0 else amount end) over deal as billed,
        -- Of what has no rate nobody knows what it earns, from the first of it on.
        max(case when is_unrated then 1 else 0 end) over deal = 1 as is_unknown
    from events
    -- What is billed on a day comes before what is paid of it.
    window deal as (
        partition by deal_id
        order by event_date, case when is_cash then 1 else 0 end, event_id
        rows between unbounded preceding and current row
    )
),

earning as (
    select
        *,
        case when not is_unknown then {{ greatest_or_unknown('0', least_or_unknown('cash', 'billed')) }} end as earned,
        case when not is_unknown then {{ greatest_or_unknown('0', 'billed') }} end as left_of_billed
    from ordered
)

select
    deal_id,
    event_id,
    event_type,
    occurred_on,
    step,
    {{ money('earned') }} as earned,
    {{ money('left_of_billed') }} as billed,
    _source,
    _file,
    _file_sha256,
    _row
from earning
