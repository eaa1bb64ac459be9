-- Grain: one row per deal that is open on the as-of date: the deals that rpt_pipeline's newest day counts (fct_open_deals), what
-- is to be tidied up about it (P11), and what speaks against selling more to its account before it pays (B12).
with run as (
    select * from {{ ref('int_run_dated') }}
),

open_deals as (
    select * from {{ ref('fct_open_deals') }} where is_as_of
),

deals as (
    select * from {{ ref('fct_deals') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

-- What is known since the first export that has it, and since nothing else, moved on no known day. A row of the history that
-- names the stage in which the deal was already moves nothing.
movements as (
    select deal_id, created_on as moved_on from deals
    union all
    select deal_id, min(entered_on) from {{ ref('fct_deal_stages') }} group by deal_id, stay_number
    union all
    select deal_id, occurred_on from {{ ref('fct_activities') }} where is_completed and deal_id is not null
),

idle as (
    select movements.deal_id, {{ days_from('max(movements.moved_on)', 'run.as_of_date') }} as idle_days
    from movements
    cross join run
    where movements.moved_on <= run.as_of_date
    group by movements.deal_id, run.as_of_date
),

-- Deals of one account that have one name are open twice.
named as (
    select
        open_deals.deal_id,
        count(*) over (partition by open_deals.account_id, lower(trim(deals.name))) as alike
    from open_deals
    inner join deals on open_deals.deal_id = deals.deal_id
    where open_deals.account_id is not null and nullif(trim(deals.name), '') is not null
),

overdue as (
    select balances.account_id
    from {{ ref('fct_account_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
    where balances.overdue_amount > 0
),

limits as (
    select distinct account_id from {{ ref('fct_credit_exposures') }} where is_over_limit
)

select
    open_deals.deal_id,
    open_deals.account_id,
    coalesce(open_deals.owner_id, 'unassigned') as employee_id,
    deals.name as deal_name,
    employees.full_name as employee_name,
    open_deals.pipeline,
    open_deals.stage,
    open_deals.currency,
    run.base_currency,
    {{ money('open_deals.amount') }} as amount,
    open_deals.amount_base,
    cast(open_deals.probability as double) as probability,
    cast(idle.idle_days as bigint) as idle_days,
    nullif(concat_ws(
        ',',
        case when open_deals.amount is null then 'no_amount' end,
        case when open_deals.expected_close_on is null then 'no_close_date' end,
        case when open_deals.expected_close_on < run.as_of_date then 'close_date_past' end,
        case when open_deals.owner_id is null then 'no_owner' end,
        case
            when idle.idle_days > {{ parameter('stale_deal_days') }} then 'stale'
            when idle.idle_days > {{ parameter('idle_deal_days') }} then 'idle'
        end,
        case when named.alike > 1 then 'open_twice' end
    ), '') as hygiene,
    case when limits.account_id is not null then 'over_limit' when overdue.account_id is not null then 'overdue' end
        as payment_warning,
    cast(open_deals.missing_rate_count as bigint) as missing_rate_count,
    deals.created_on,
    open_deals.expected_close_on,
    open_deals.as_of_date,
    deals._file,
    deals._row
from open_deals
inner join deals on open_deals.deal_id = deals.deal_id
cross join run
left join employees on open_deals.owner_id = employees.employee_id
left join idle on open_deals.deal_id = idle.deal_id
left join named on open_deals.deal_id = named.deal_id
left join overdue on open_deals.account_id = overdue.account_id
left join limits on open_deals.account_id = limits.account_id
