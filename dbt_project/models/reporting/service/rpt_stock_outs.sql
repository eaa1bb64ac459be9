-- Grain: one row per request of a client for what was out of stock: when the client was told, whether another product was
-- offered, when supply was asked, and whether the sale was saved (E6, E7).
with stock_outs as (
    select * from {{ ref('fct_stock_outs') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name from {{ ref('dim_employees') }}
),

dated as (
    select
        stock_outs.*,
        {{ days_from('asked_on', 'supply_requested_on') }} as request_days,
        {{ days_from('asked_on', 'run.as_of_date') }} as age_days,
        run.as_of_date
    from stock_outs
    cross join run
)

select
    dated.stock_out_id,
    dated.account_id,
    accounts.account_name,
    dated.owner_id,
    employees.full_name as owner_name,
    dated.product_name,
    coalesce(dated.outcome, 'open') as outcome,
    dated.currency,
    dated.amount,
    cast(dated.quantity as double) as quantity,
    cast({{ days_from('dated.asked_on', 'dated.told_on') }} as bigint) as days_to_tell,
    cast(dated.request_days as bigint) as days_to_request,
    case
        when dated.request_days is not null then dated.request_days <= {{ parameter('supply_request_days') }}
        when dated.age_days > {{ parameter('supply_request_days') }} then false
    end as is_requested_in_time,
    case dated.outcome when 'waited' then true when 'analogue' then true when 'lost' then false end as is_saved,
    dated.analogue_offered_on is not null as is_analogue_offered,
    dated.asked_on,
    dated.supply_requested_on,
    dated.told_on,
    dated.expected_on,
    dated.closed_on,
    dated.as_of_date,
    dated._file,
    dated._row
from dated
left join accounts on dated.account_id = accounts.account_id
left join employees on dated.owner_id = employees.employee_id
