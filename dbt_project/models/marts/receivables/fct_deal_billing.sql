-- Grain: one row per deal that was won up to the as-of date: what of it has been invoiced (R34), net of tax, in the deal's
-- currency. Where no invoice of the company names any deal, nobody knows what is billed of one: NULL. What is left to bill is
-- unknown where an invoice has no rate into that currency.
with deals as (
    select *
    from {{ ref('fct_deals') }}
    -- What is won without any day is won; one whose close date lies ahead is not known to be won yet.
    where status = 'won' and (closed_on is not null or expected_close_on is null)
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

invoices as (
    {{ documents_of_deals() }}
),

linking as (
    select count(*) filter (where document_kind <> 'credit_note') > 0 as are_invoices_linked from invoices
),

invoiced as (
    select
        invoices.deal_id,
        sum(case
            when invoices.currency = deals.currency then invoices.revenue_amount
            else {{ money('invoices.revenue_amount_base / nullif(rates.rate, 0)') }}
        end) as invoiced_amount,
        count(*) filter (
            where invoices.currency <> deals.currency and (rates.rate is null or invoices.revenue_amount_base is null)
        ) as missing_rate_count
    from invoices
    inner join deals on invoices.deal_id = deals.deal_id
    left join rates
        on invoices.currency <> deals.currency
        and deals.currency = rates.currency
        and invoices.issued_on = rates.rate_date
    group by invoices.deal_id
),

final as (
    select
        deals.deal_id,
        deals.account_id,
        deals.currency,
        deals.amount as won_amount,
        case
            when linking.are_invoices_linked
                then {{ known_amount('invoiced.invoiced_amount', 'invoiced.missing_rate_count') }}
        end as invoiced_amount,
        coalesce(invoiced.missing_rate_count, 0) as missing_rate_count,
        deals.closed_on as won_on
    from deals
    cross join linking
    left join invoiced on deals.deal_id = invoiced.deal_id
)

select
    deal_id,
    account_id,
    currency,
    {{ money('won_amount') }} as won_amount,
    {{ money('invoiced_amount') }} as invoiced_amount,
    case when missing_rate_count = 0 then {{ money(greatest_or_unknown('won_amount - invoiced_amount', '0')) }} end
        as unbilled_amount,
    missing_rate_count,
    won_on
from final
