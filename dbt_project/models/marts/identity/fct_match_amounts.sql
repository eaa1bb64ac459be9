-- Grain: one row per measure, source contract, record and account: what stands behind a record on the as-of date, and whether
-- it reached one account with a CRM record (matched), may be several or is not sure enough (ambiguous), or none (N17).
-- Receivables open on the date; revenue, won deals and calls of the 12 months before; the pipeline open now. What is known of
-- it, beside counts of what is not: without a rate, deals without an amount, answered calls of unknown length.
with run as (
    select as_of_date from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, has_crm_record from {{ ref('dim_accounts') }}
),

proposals as (
    select distinct kind, coalesce(record_id, native_id) as record_id from {{ ref('fct_match_proposals') }}
),

-- One row per record (customer, caller's number, deal's account, or what the deal calls it) and source, with its amounts.
items as (
    select
        'open_receivables' as measure,
        'money' as unit,
        invoices._source as source,
        'billing_customer' as kind,
        invoices.customer_id as record_id,
        items.account_id,
        sum({{ money('items.open_amount * rates.rate') }}) as amount,
        count(*) filter (where rates.rate is null) as missing_rate_count,
        0 as missing_amount_count
    from (
        {{ open_items_at(ref('fct_receivable_intervals'), 'run', ['invoice_id', 'account_id', 'currency', 'open_amount']) }}
    ) as items
    inner join {{ ref('fct_invoices') }} as invoices on items.invoice_id = invoices.invoice_id
    left join {{ ref('int_fx_rates_dated') }} as rates
        on items.currency = rates.currency and items.as_of_date = rates.rate_date
    where items.open_amount > 0
    group by invoices._source, invoices.customer_id, items.account_id

    union all

    select
        'revenue_12m', 'money', invoices._source, 'billing_customer', invoices.customer_id, invoices.account_id,
        sum(invoices.revenue_amount_base),
        count(*) filter (where invoices.revenue_amount <> 0 and invoices.revenue_amount_base is null), 0
    from {{ ref('fct_invoices') }} as invoices
    cross join run
    where invoices.issued_on > {{ year_before('run.as_of_date') }}
        and invoices.revenue_amount <> 0
    group by invoices._source, invoices.customer_id, invoices.account_id

    union all

    select
        'open_pipeline', 'money', deals._source, 'deal',
        coalesce(deals.account_id, deals.unresolved_account_id, 'no_account'), deals.account_id,
        sum(open_deals.amount_base), sum(open_deals.missing_rate_count), sum(open_deals.missing_amount_count)
    from {{ ref('fct_open_deals') }} as open_deals
    inner join {{ ref('fct_deals') }} as deals on open_deals.deal_id = deals.deal_id
    where open_deals.is_as_of
    group by deals._source, coalesce(deals.account_id, deals.unresolved_account_id, 'no_account'), deals.account_id

    union all

    select
        'won_deals', 'money', deals._source, 'deal',
        coalesce(deals.account_id, deals.unresolved_account_id, 'no_account'), deals.account_id,
        sum(deals.amount_base),
        count(*) filter (where deals.amount is not null and deals.amount_base is null),
        count(*) filter (where deals.amount is null)
    from {{ ref('fct_deals') }} as deals
    cross join run
    where deals.status = 'won'
        and deals.closed_on > {{ plus_months('run.as_of_date', '-12') }}
    group by deals._source, coalesce(deals.account_id, deals.unresolved_account_id, 'no_account'), deals.account_id

    union all

    select
        measures.measure,
        case when measures.measure = 'call_minutes' then 'minutes' else 'count' end,
        calls._source, 'phone', coalesce(calls.client_digits, 'withheld'), calls.account_id,
        case
            when measures.measure = 'call_minutes' then cast(sum(calls.talk_seconds) / 60 as decimal(18, 4))
            else cast(count(*) as decimal(18, 4))
        end,
        0,
        -- Nobody talked in a call that nobody answered.
        count(*) filter (
            where measures.measure = 'call_minutes' and calls.status = 'answered' and calls.talk_seconds is null
        )
    from {{ ref('fct_calls') }} as calls
    cross join run
    cross join (values ('call_minutes'), ('conversations')) as measures (measure)
    where calls.started_on > {{ plus_months('run.as_of_date', '-12') }}
    group by measures.measure, calls._source, calls.client_digits, calls.account_id
)

select
    items.measure,
    items.unit,
    items.source,
    items.kind,
    items.record_id,
    items.account_id,
    case
        when accounts.has_crm_record then 'matched'
        when proposals.record_id is not null then 'ambiguous'
        else 'unmatched'
    end as match_state,
    cast({{ known_amount('items.amount', 'items.missing_rate_count + items.missing_amount_count') }} as decimal(18, 4))
        as amount,
    items.missing_rate_count,
    items.missing_amount_count
from items
left join accounts on items.account_id = accounts.account_id
left join proposals on items.kind = proposals.kind and items.record_id = proposals.record_id
