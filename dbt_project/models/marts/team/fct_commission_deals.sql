-- Grain: one row per won deal and person who has a share in it (P21): the rate of the plan version that counts for the deal and
-- person on the day it was won. A deal whose shares do not add up to one has no row. What has neither amount nor rate into the
-- base currency is of no known size, so that its rate is not known where a plan has sizes.
with deals as (
    select * from {{ ref('fct_deals') }} where status = 'won' and closed_on is not null
),

employees as (
    select * from {{ ref('dim_employees') }}
),

listed_shares as (
    select deal_id, employee_id, sum(share) as share
    from {{ ref('stg_lists__commission_shares') }}
    group by deal_id, employee_id
),

shares as (
    select deal_id, employee_id, share
    from listed_shares
    qualify sum(share) over (partition by deal_id) = 1
    union all
    select deals.deal_id, deals.owner_id, 1
    from deals
    left join listed_shares on deals.deal_id = listed_shares.deal_id
    where listed_shares.deal_id is null and deals.owner_id is not null
),

own_rates as (
    select
        plan, valid_from, employee_id, team, product_id, coalesce(min_amount, 0) as min_amount, rate, _row as place
    from {{ ref('stg_lists__commission_plans') }}
),

rates as (
    select * from own_rates
    union all
    select
        plan,
        cast(null as date),
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        case size when 'large' then {{ parameter('commission_large_from') }} else 0 end,
        rate,
        0
    from {{ ref('commission_rates') }}
    where not exists (select 1 from own_rates)
),

fitting as (
    select
        deals.deal_id,
        deals.amount_base,
        shares.employee_id,
        shares.share,
        rates.plan,
        rates.valid_from,
        rates.min_amount,
        rates.rate,
        rates.place,
        case when rates.employee_id is null then 0 else 4 end
        + case when rates.product_id is null then 0 else 2 end
        + case when rates.team is null then 0 else 1 end as fit
    from deals
    inner join shares on deals.deal_id = shares.deal_id
    left join employees on shares.employee_id = employees.employee_id
    inner join rates
        on coalesce(rates.valid_from <= deals.closed_on, true)
        and (rates.employee_id is null or rates.employee_id = shares.employee_id)
        and (rates.product_id is null or rates.product_id = deals.product_id)
        and (rates.team is null or rates.team = employees.team)
),

-- The most particular row, and of those of equal fit the version that was newest on the day.
versions as (
    select *
    from fitting
    qualify rank() over (
        partition by deal_id, employee_id order by fit desc, valid_from desc nulls last, plan
    ) = 1
),

sized as (
    select
        *,
        max(min_amount) over (partition by deal_id, employee_id) > 0 and amount_base is null as is_of_unknown_size
    from versions
),

chosen as (
    select *
    from sized
    where is_of_unknown_size or coalesce(min_amount <= amount_base, true)
    qualify row_number() over (partition by deal_id, employee_id order by min_amount desc, place desc) = 1
)

select
    chosen.deal_id,
    chosen.employee_id,
    deals.account_id,
    deals.name as deal_name,
    deals.closed_on as won_on,
    chosen.plan,
    chosen.valid_from as plan_valid_from,
    cast(chosen.share as decimal(9, 6)) as share,
    cast(case when not chosen.is_of_unknown_size then chosen.rate end as decimal(9, 6)) as rate,
    deals.amount_base as won_amount,
    deals._source,
    deals._file,
    deals._file_sha256,
    deals._row
from chosen
inner join deals on chosen.deal_id = deals.deal_id
