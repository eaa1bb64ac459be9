-- Grain: one row per account, month and plan_kind (budget, cost), in the base currency at the month's last known rate.
-- A plan for an account that no export has keeps account_id NULL, with what it names in account_reference.
with budgets as (
    select * from {{ ref('stg_plan__budgets') }}
),

costs as (
    select * from {{ ref('stg_plan__costs') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

plans as (
    select
        _system as system, 'budget' as plan_kind, account_id, month, currency, amount, explanation, action,
        false as is_representation
    from budgets
    union all
    -- C33: what is spent on looking after a client.
    select _system, 'cost', account_id, month, currency, amount, null, null, {{ tells_of('representation', 'costs.cost_kind') }}
    from costs
),

converted as (
    select
        plans.plan_kind,
        account_references.account_id,
        plans.account_id as account_reference,
        {{ month_of('plans.month') }} as month,
        run.base_currency,
        plans.is_representation,
        nullif(trim(plans.explanation), '') as explanation,
        nullif(trim(plans.action), '') as action,
        plans.amount,
        plans.amount * rates.rate as amount_base
    from plans
    cross join run
    left join account_references
        on plans.system = account_references.system and plans.account_id = account_references.reference
    left join rates
        on plans.currency = rates.currency
        and {{ least_known(month_end_of('plans.month'), 'run.as_of_date') }} = rates.rate_date
)

select
    coalesce(account_id, account_reference) as account_reference,
    account_id,
    plan_kind,
    base_currency,
    {{ money('sum(amount_base)') }} as amount_base,
    {{ money('sum(amount_base) filter (where is_representation)') }} as representation_base,
    count(*) filter (where amount is not null and amount_base is null) as missing_rate_count,
    min(explanation) as explanation,
    min(action) as action,
    month
from converted
group by coalesce(account_id, account_reference), account_id, plan_kind, base_currency, month
