-- Grain: one row per client that has not left and a product that its segment buys and it never bought (V14, C7), with the gate
-- that an offer has to pass (N12, C8): the first product was paid on time, nothing is claimed, somebody who decides was
-- reached lately, the account is not in danger. Products of two systems with one name are one product.
with run as (
    select * from {{ ref('int_run_dated') }}
),

settings as (
    select
        {{ parameter('whitespace_share') }} as least_share,
        cast({{ parameter('whitespace_accounts') }} as integer) as least_accounts,
        cast({{ parameter('upsell_decision_maker_days') }} as integer) as reached_days,
        cast({{ parameter('upsell_grace_days') }} as integer) as grace_days
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

states as (
    select account_id, status from {{ ref('fct_account_states') }}
),

-- The billed one stands for the products of a name: its lines say what it sells for.
products as (
    select
        products.product_id,
        products.product_name,
        products.category,
        coalesce({{ normalised_words('products.product_name') }}, products.product_id) as product_key
    from {{ ref('dim_products') }} as products
),

lines as (
    select lines.*, products.product_key
    from {{ ref('fct_invoice_lines') }} as lines
    inner join {{ ref('fct_invoices') }} as invoices on lines.invoice_id = invoices.invoice_id
    inner join products on lines.product_id = products.product_id
    where lines.issued_on is not null and not invoices.is_void and not invoices.is_draft and lines.account_id is not null
),

catalogue as (
    select
        products.product_key,
        {{ last_by('products.product_id', 'coalesce(sold.lines, 0)', 'products.product_id') }} as product_id,
        {{ last_by('products.product_name', 'coalesce(sold.lines, 0)', 'products.product_id') }} as product_name,
        max(products.category) as category
    from products
    left join (select product_id, count(*) as lines from lines group by product_id) as sold
        on products.product_id = sold.product_id
    group by products.product_key
),

bought as (
    select account_id, product_key from lines
    union
    select subscriptions.account_id, products.product_key
    from {{ ref('fct_subscriptions') }} as subscriptions
    inner join products on subscriptions.product_id = products.product_id
    where subscriptions.started_on is not null
    union
    select deals.account_id, products.product_key
    from {{ ref('fct_deals') }} as deals
    inner join products on deals.product_id = products.product_id
    where deals.status = 'won' and deals.closed_on is not null and deals.account_id is not null
),

buyers as (
    select distinct
        bought.account_id,
        {{ segment_or_unknown('accounts.segment') }} as segment
    from bought
    inner join accounts on bought.account_id = accounts.account_id
    where accounts.is_named
),

segments as (
    select segment, count(*) as accounts from buyers group by segment
),

-- What each buyer spent on each product in the last 12 months, in the base currency.
spent as (
    select
        lines.account_id,
        lines.product_key,
        sum(lines.sales_sign * lines.net_amount_base) as amount
    from lines
    inner join run on lines.issued_on > {{ year_before('run.as_of_date') }}
    group by lines.account_id, lines.product_key
),

adopted as (
    select
        buyers.segment,
        bought.product_key,
        count(*) as buyers,
        cast(median(case when spent.amount > 0 then spent.amount end) as decimal(18, 4)) as median_amount,
        count(*) filter (where spent.amount > 0) as spenders
    from bought
    inner join buyers on bought.account_id = buyers.account_id
    left join spent on bought.account_id = spent.account_id and bought.product_key = spent.product_key
    group by buyers.segment, bought.product_key
),

-- A row of the seed wins: the segment's own before one for all segments.
ruled as (
    select segments.segment, products.product_key, rules.is_eligible
    from {{ ref('stg_lists__product_eligibility') }} as rules
    inner join products on rules.product_id = products.product_id
    inner join segments on coalesce(nullif(rules.segment, ''), segments.segment) = segments.segment
    qualify row_number() over (
        partition by segments.segment, products.product_key
        order by case when nullif(rules.segment, '') is null then 1 else 0 end, case when rules.is_eligible then 1 else 0 end
    ) = 1
),

considered as (
    select segment, product_key from adopted
    union
    select segment, product_key from ruled
),

eligible as (
    select
        considered.segment,
        considered.product_key,
        segments.accounts as segment_accounts,
        coalesce(adopted.buyers, 0) as segment_buyers,
        adopted.median_amount,
        coalesce(adopted.spenders, 0) as spenders,
        ruled.is_eligible is not null as is_by_rule
    from considered
    inner join segments on considered.segment = segments.segment
    cross join settings
    left join adopted on considered.segment = adopted.segment and considered.product_key = adopted.product_key
    left join ruled on considered.segment = ruled.segment and considered.product_key = ruled.product_key
    where coalesce(
        ruled.is_eligible,
        segments.accounts >= settings.least_accounts
        and coalesce(adopted.buyers, 0) >= settings.least_share * segments.accounts
    )
),

-- The gate, once an account. The first product is what the first invoice billed.
first_invoices as (
    select invoices.account_id, invoices.invoice_id, invoices.due_on
    from {{ ref('fct_invoices') }} as invoices
    where invoices.issued_on is not null and invoices.is_receivable and not invoices.is_void and invoices.account_id is not null
        and invoices.document_kind in ('invoice', 'debit_note', 'prepayment') and invoices.gross_amount > 0
    qualify row_number() over (
        partition by invoices.account_id order by invoices.issued_on, invoices.invoice_id
    ) = 1
),

items as (
    {{ open_items_at(ref('fct_receivable_intervals'), 'run', ['invoice_id', 'account_id', 'open_amount']) }}
),

first_open as (
    select first_invoices.account_id, count(*) as items
    from first_invoices
    inner join items on first_invoices.invoice_id = items.invoice_id
    where items.open_amount > 0
    group by first_invoices.account_id
),

first_paid as (
    select
        first_invoices.account_id,
        max({{ days_from('settlements.due_on', 'settlements.settlement_date') }}) as late_days
    from first_invoices
    inner join {{ ref('fct_receivable_settlements') }} as settlements
        on first_invoices.invoice_id = settlements.invoice_id
    inner join run on settlements.event_date <= run.as_of_date
    where settlements.event_type = 'payment' and settlements.is_dated
    group by first_invoices.account_id
),

claims as (
    select account_id, sum(cases) as cases, sum(disputes) as disputes
    from (
        select cases.account_id, 1 as cases, 0 as disputes
        from {{ ref('fct_cases') }} as cases
        where cases.opened_on is not null and cases.closed_on is null
        union all
        select account_id, 0, 1 from items where is_disputed and open_amount > 0
    ) as found
    where account_id is not null
    group by account_id
),

deciders as (
    select
        account_id,
        count(*) as people,
        max(last_two_way_on) as reached_on
    from {{ ref('dim_account_people') }}
    where is_decision_maker
    group by account_id
),

health as (
    select account_id, score, band from {{ ref('fct_account_health') }} where is_newest
),

gated as (
    select
        buyers.account_id,
        buyers.segment,
        case
            when first_invoices.account_id is null then null
            when first_open.items > 0
                then case when first_invoices.due_on < run.as_of_date then false end
            when first_paid.account_id is null then null
            else first_paid.late_days <= settings.grace_days
        end as is_first_paid_on_time,
        coalesce(claims.cases, 0) as open_cases,
        coalesce(claims.disputes, 0) as open_disputes,
        coalesce(deciders.people, 0) as deciders,
        deciders.reached_on as decision_maker_reached_on,
        coalesce({{ days_from('deciders.reached_on', 'run.as_of_date') }} <= settings.reached_days, false)
            as is_decision_maker_reached,
        health.band,
        health.score
    from buyers
    cross join run
    cross join settings
    inner join states on buyers.account_id = states.account_id
    left join first_invoices on buyers.account_id = first_invoices.account_id
    left join first_open on buyers.account_id = first_open.account_id
    left join first_paid on buyers.account_id = first_paid.account_id
    left join claims on buyers.account_id = claims.account_id
    left join deciders on buyers.account_id = deciders.account_id
    left join health on buyers.account_id = health.account_id
    where coalesce(states.status, 'active') <> 'lost'
),

reasoned as (
    select
        gated.*,
        nullif(concat_ws(
            ',',
            case when gated.is_first_paid_on_time is null then 'first_payment_unknown' end,
            case when not gated.is_first_paid_on_time then 'first_payment_late' end,
            case when gated.open_cases > 0 then 'case_open' end,
            case when gated.open_disputes > 0 then 'invoice_disputed' end,
            case
                when gated.deciders = 0 then 'decider_missing'
                when gated.decision_maker_reached_on is null then 'decider_never_reached'
                when not gated.is_decision_maker_reached then 'decider_not_reached'
            end,
            case when gated.band = 'red' then 'health_red' end
        ), '') as gate_reason
    from gated
)

select
    reasoned.account_id,
    accounts.account_name,
    accounts.owner_id,
    reasoned.segment,
    catalogue.product_id,
    catalogue.product_name,
    catalogue.category,
    run.base_currency,
    reasoned.gate_reason is null as is_candidate,
    -- Never bought: the whole of what the segment's middle buyer spends in a year is the gap.
    eligible.median_amount as expected_value,
    reasoned.gate_reason,
    cast(eligible.segment_accounts as bigint) as segment_accounts,
    cast(eligible.segment_buyers as bigint) as segment_buyers,
    cast(eligible.spenders as bigint) as segment_spenders,
    {{ ratio('eligible.segment_buyers', 'eligible.segment_accounts') }} as segment_share,
    eligible.is_by_rule,
    reasoned.is_first_paid_on_time,
    reasoned.open_cases + reasoned.open_disputes > 0 as has_open_claim,
    reasoned.is_decision_maker_reached,
    reasoned.band as health_band,
    cast(reasoned.score as double) as health_score,
    reasoned.decision_maker_reached_on,
    run.as_of_date
from reasoned
cross join run
inner join eligible on reasoned.segment = eligible.segment
inner join catalogue on eligible.product_key = catalogue.product_key
inner join accounts on reasoned.account_id = accounts.account_id
where not exists (
    select 1 from bought
    where bought.account_id = reasoned.account_id and bought.product_key = eligible.product_key
)
