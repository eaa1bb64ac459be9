-- Grain: one row per account and currency that uses credit or has a limit, on the as-of date (R24). credit_limit and
-- credit_used stand in the row of the limit's currency: the limit holds for all that the account owes, so that other
-- currencies are converted at the as-of date's rates. A limit of 0 is a limit: nothing may be owed. What is left to bill of a
-- deal is unknown where its amount is, or the rate of one of its invoices: both are counted, and no share of a limit is known.
with run as (
    select * from {{ ref('int_run_dated') }}
),

rates as (
    select rates.currency, rates.rate
    from {{ ref('int_fx_rates_dated') }} as rates
    inner join run on rates.rate_date = run.as_of_date
),

balances as (
    select balances.account_id, balances.currency, balances.open_amount, balances.unapplied_amount
    from {{ ref('fct_receivable_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
),

ordered as (
    select orders.account_id, orders.currency, sum(orders.open_amount) as amount
    from {{ ref('fct_orders') }} as orders
    where orders.is_open
    group by orders.account_id, orders.currency
),

unbilled as (
    select
        account_id,
        currency,
        sum(unbilled_amount) as amount,
        count(*) filter (where missing_rate_count > 0) as missing_rate_count,
        count(*) filter (where missing_rate_count = 0 and won_amount is null and invoiced_amount is not null)
            as missing_amount_count
    from {{ ref('fct_deal_billing') }}
    where account_id is not null and currency is not null
    group by account_id, currency
),

limits as (
    select
        accounts.account_id,
        coalesce(accounts.currency, run.default_currency) as currency,
        accounts.credit_limit
    from {{ ref('dim_accounts') }} as accounts
    cross join run
    where accounts.credit_limit is not null
),

keys as (
    select account_id, currency from balances
    union
    select account_id, currency from ordered
    union
    select account_id, currency from unbilled
    union
    select account_id, currency from limits
),

exposed as (
    select
        keys.account_id,
        keys.currency,
        case when unbilled.account_id is null then 0 else unbilled.amount end as unbilled_amount,
        coalesce(ordered.amount, 0) as open_orders_amount,
        coalesce(balances.open_amount, 0) + coalesce(unbilled.amount, 0) + coalesce(ordered.amount, 0)
        - coalesce(balances.unapplied_amount, 0) as exposure_amount,
        coalesce(unbilled.missing_rate_count, 0) as missing_rate_count,
        coalesce(unbilled.missing_amount_count, 0) as missing_amount_count
    from keys
    left join balances on keys.account_id = balances.account_id and keys.currency = balances.currency
    left join ordered on keys.account_id = ordered.account_id and keys.currency = ordered.currency
    left join unbilled on keys.account_id = unbilled.account_id and keys.currency = unbilled.currency
),

used as (
    select
        limits.account_id,
        limits.currency,
        limits.credit_limit,
        sum(case
            when exposed.currency = limits.currency then exposed.exposure_amount
            else {{ money('exposed.exposure_amount * (own_rates.rate / nullif(limit_rates.rate, 0))') }}
        end) as credit_used,
        count(*) filter (
            where exposed.currency <> limits.currency
            and exposed.exposure_amount <> 0
            and (own_rates.rate is null or limit_rates.rate is null)
        ) as missing_rate_count,
        sum(exposed.missing_rate_count + exposed.missing_amount_count) as unknown_count
    from limits
    inner join exposed on limits.account_id = exposed.account_id
    left join rates as own_rates on exposed.currency = own_rates.currency
    left join rates as limit_rates on limits.currency = limit_rates.currency
    group by limits.account_id, limits.currency, limits.credit_limit
)

select
    exposed.account_id,
    exposed.currency,
    exposed.unbilled_amount,
    exposed.open_orders_amount,
    exposed.exposure_amount,
    used.credit_limit,
    used.credit_used,
    case
        when used.missing_rate_count + used.unknown_count = 0 then {{ ratio('used.credit_used', 'used.credit_limit') }}
    end as credit_used_ratio,
    case when used.missing_rate_count + used.unknown_count = 0 then used.credit_used > used.credit_limit end as is_over_limit,
    exposed.missing_rate_count + coalesce(used.missing_rate_count, 0) as missing_rate_count,
    exposed.missing_amount_count
from exposed
left join used on exposed.account_id = used.account_id and exposed.currency = used.currency
