-- Grain: one row per account, day of a sale, model of attribution (first, last, last_non_direct, linear) and touch that the
-- model gives a part of that sale to (K21, N1). A touch is an inbound call of the account, or a form or lead that became it,
-- one a day and source however often it called. A sale is the day on which a deal was made, or on which an invoice without
-- a deal was issued: its touches are those of the attribution_lookback_days up to it. What belongs to the sale is given in
-- parts (`part` of `parts`): the whole to one touch, or to each touch of the linear model the same.
with calls as (
    select * from {{ ref('fct_calls') }} where direction = 'inbound' and account_id is not null and started_on is not null
),

leads as (
    select * from {{ ref('fct_leads') }} where account_id is not null
),

direct_sources as (
    select distinct {{ source_key('source') }} as source from {{ ref('direct_sources') }}
),

deals as (
    select * from {{ ref('fct_deals') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

events as (
    select * from {{ ref('fct_receivable_events') }}
),

sales as (
    select account_id, {{ deal_sold_on('deals') }} as sold_on from deals
    union
    select events.account_id, {{ event_sold_on('events', 'deals') }}
    from events
    left join invoices on events.invoice_id = invoices.invoice_id
    left join deals on invoices.deal_id = deals.deal_id
),

touches as (
    select account_id, started_on as touched_on, source_key from calls
    union
    select account_id, created_on, source_key from leads
),

near_sales as (
    select
        sales.account_id,
        sales.sold_on,
        touches.touched_on,
        touches.source_key,
        direct_sources.source is not null as is_direct
    from sales
    inner join touches
        on sales.account_id = touches.account_id
        and touches.touched_on <= sales.sold_on
        and touches.touched_on >= {{ plus_days('sales.sold_on', '-' ~ parameter('attribution_lookback_days')) }}
    left join direct_sources on touches.source_key = direct_sources.source
),

ranked as (
    select
        *,
        row_number() over (partition by account_id, sold_on order by touched_on, source_key) as place,
        count(*) over (partition by account_id, sold_on) as touches,
        row_number() over (
            partition by account_id, sold_on
            order by case when is_direct then 1 else 0 end, touched_on desc, source_key desc
        ) as non_direct_place
    from near_sales
),

credited as (
    select account_id, sold_on, 'first' as model, touched_on, source_key, 1 as part, 1 as parts from ranked where place = 1
    union all
    select account_id, sold_on, 'last', touched_on, source_key, 1, 1 from ranked where place = touches
    union all
    -- Where all are direct, the last of them.
    select account_id, sold_on, 'last_non_direct', touched_on, source_key, 1, 1 from ranked where non_direct_place = 1
    union all
    select account_id, sold_on, 'linear', touched_on, source_key, place, touches from ranked
)

select
    account_id,
    model,
    source_key,
    cast(part as integer) as part,
    cast(parts as integer) as parts,
    sold_on,
    touched_on
from credited
