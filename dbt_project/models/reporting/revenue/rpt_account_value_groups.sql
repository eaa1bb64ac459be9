-- Grain: one row per grouping_kind (segment, team, owner) and grouping_value, as of the as-of date: what the accounts
-- of each have been worth and may be worth yet (V10, V11), so that managers can be judged by it (C10). Each kind
-- adds up to the whole.
with accounts_worth as (
    select * from {{ ref('fct_account_values') }}
),

accounts as (
    select account_id, owner_id, is_named from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, team from {{ ref('dim_employees') }}
),

kinds as (
    select 'segment' as grouping_kind union all
    select 'team' union all
    select 'owner'
),

grouped as (
    select
        accounts_worth.*,
        accounts.is_named,
        kinds.grouping_kind,
        coalesce(
            case kinds.grouping_kind
                when 'segment' then accounts_worth.segment
                when 'team' then employees.team
                else accounts.owner_id
            end,
            'not_known'
        ) as grouping_value
    from accounts_worth
    cross join kinds
    inner join accounts on accounts_worth.account_id = accounts.account_id
    left join employees on accounts.owner_id = employees.employee_id
)

select
    grouping_kind,
    grouping_value,
    base_currency,
    count(*) filter (where is_named) as accounts,
    {{ known_revenue('sum(revenue_12m)', 'count(*) - count(revenue_12m)') }} as revenue_12m,
    {{ known_revenue('sum(clv_historic)', 'count(*) - count(clv_historic)') }} as clv_historic,
    {{ known_revenue('sum(tax_in_cash)', 'count(*) - count(tax_in_cash)') }} as tax_in_cash,
    {%- for value in ['clv_predicted', 'clv_low', 'clv_high'] %}
    -- Of a group none of whose accounts has one, nobody knows any.
    case
        when count({{ value }}) > 0
            then {{ known_revenue('sum(' ~ value ~ ')', 'count(*) filter (where ' ~ value ~ ' is null and missing_rate_count > 0)') }}
    end as {{ value }},
    {%- endfor %}
    {{ known_amount(
        'count(*) filter (where is_named and is_revenue_based and revenue_12m <> 0)', 'count(*) - count(revenue_12m)'
    ) }} as revenue_based_accounts,
    cast(sum(missing_rate_count) as bigint) as missing_rate_count,
    as_of_date
from grouped
group by grouping_kind, grouping_value, base_currency, as_of_date
