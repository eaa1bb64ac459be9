-- Grain: one row per month, basis (mrr, invoiced), grouping_kind and grouping_value: rpt_revenue_retention for the
-- accounts of a segment, a team, an owner, a billing currency, a country or a parent with all below it. Segment,
-- currency, country and parent are the account's today, owner and team those of the month's end; a group's opening
-- is that of its accounts, so that an account which changes hands is no churn. Each kind adds up to the whole but
-- for parent, which has only accounts with a parent or daughters, under the topmost one.
with account_revenue as (
    select * from {{ ref('fct_account_revenue') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, team from {{ ref('dim_employees') }}
),

-- Account groups of more than one: the topmost parent names them.
parents as (
    select group_id
    from {{ ref('dim_accounts') }}
    group by group_id
    having count(*) > 1
),

kinds as (
    select 'segment' as grouping_kind union all
    select 'team' union all
    select 'owner' union all
    select 'currency' union all
    select 'country' union all
    select 'parent'
),

described as (
    select
        account_revenue.*,
        accounts.segment,
        accounts.currency,
        accounts.country,
        employees.team,
        parents.group_id as parent
    from account_revenue
    left join accounts on account_revenue.account_id = accounts.account_id
    left join parents on accounts.group_id = parents.group_id
    left join employees on account_revenue.owner_id = employees.employee_id
),

grouped as (
    select
        described.*,
        kinds.grouping_kind,
        coalesce(
            case kinds.grouping_kind
                when 'segment' then described.segment
                when 'team' then described.team
                when 'owner' then described.owner_id
                when 'currency' then described.currency
                when 'country' then described.country
                else described.parent
            end,
            'not_known'
        ) as grouping_value
    from described
    inner join kinds on kinds.grouping_kind <> 'parent' or described.parent is not null
),

sums as (
    select
        basis,
        month,
        is_complete,
        max(measured_on) as measured_on,
        base_currency,
        grouping_kind,
        grouping_value,
        {{ retention_sums() }}
    from grouped
    group by basis, month, is_complete, base_currency, grouping_kind, grouping_value
),

firsts as (
    select basis, {{ month_number(first_month_of_revenue()) }} as month_number
    from account_revenue
    group by basis
)

select
    sums.grouping_kind,
    sums.grouping_value,
    sums.basis,
    sums.base_currency,
    {%- for column in ['opening_revenue', 'new', 'expansion', 'contraction', 'churned', 'reactivated',
        'closing_revenue', 'currency_effect', 'negative_revenue', 'unnamed_revenue', 'net_revenue', 'opening_accounts',
        'new_accounts', 'reactivated_accounts', 'churned_accounts', 'closing_accounts'] %}
    sums.{{ column }},
    {%- endfor %}
    {{ retention_ratios(
        'sums',
        month_number('sums.month') ~ " - firsts.month_number >= case when sums.basis = 'mrr' then 12"
        ~ " when sums.measured_on = " ~ month_end_of('sums.month') ~ " then 23 else 24 end"
    ) }},
    cast(sums.missing_rate_count as bigint) as missing_rate_count,
    cast(sums.unpriced_count as bigint) as unpriced_count,
    cast(sums.missing_rate_count_12m as bigint) as missing_rate_count_12m,
    sums.is_complete,
    {{ month_number('sums.month') }} = firsts.month_number as is_history_start,
    sums.month
from sums
inner join firsts on sums.basis = firsts.basis and {{ month_number('sums.month') }} >= firsts.month_number
