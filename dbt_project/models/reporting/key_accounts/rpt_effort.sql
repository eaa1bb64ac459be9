-- Grain: one row per employee and account that the employee worked on or owns, over the months up to the as-of date (D19): the
-- share of the time for the employee's own book that the account takes beside the share of the book's revenue it brings.
with run as (
    select
        *,
        {{ plus_months('as_of_date', '-' ~ parameter('effort_window_months')) }} as window_from
    from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

classes as (
    select * from {{ ref('dim_account_classes') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

minutes as (
    select * from {{ ref('effort_minutes') }}
),

revenue as (
    {{ revenue_of_12_months('run') }}
),

-- What was said in two directions, once whichever system has it; and what was written or prepared.
efforts as (
    select account_id, employee_id, channel as activity_type, duration_seconds, occurred_on, 1 as is_contact
    from {{ ref('fct_two_way_contacts') }}
    union all
    select account_id, owner_id, activity_type, duration_seconds, occurred_on, 0
    from {{ ref('fct_activities') }}
    where is_completed and not coalesce(is_two_way, false) and coalesce(activity_type, '') <> 'call'
),

spent as (
    select
        efforts.employee_id,
        efforts.account_id,
        -- Added up as decimals: a sum of floats depends on the order in which the rows come.
        sum(cast(
            coalesce(cast(efforts.duration_seconds as double) / 60, minutes.minutes, 0) as decimal(18, 6)
        )) as effort_minutes,
        count(*) filter (where efforts.duration_seconds is null) as assumed_efforts,
        count(*) as efforts,
        sum(efforts.is_contact) as two_way_contacts
    from efforts
    cross join run
    left join minutes on efforts.activity_type = minutes.activity_type
    where efforts.employee_id is not null and efforts.account_id is not null
        and efforts.occurred_on > run.window_from
    group by efforts.employee_id, efforts.account_id
),

pairs as (
    select employee_id, account_id from spent
    union
    select owner_id, account_id from accounts where owner_id is not null
),

joined as (
    select
        pairs.employee_id,
        pairs.account_id,
        coalesce(accounts.owner_id = pairs.employee_id, false) as is_owner,
        coalesce(spent.effort_minutes, 0) as effort_minutes,
        coalesce(spent.efforts, 0) as efforts,
        coalesce(spent.assumed_efforts, 0) as assumed_efforts,
        coalesce(spent.two_way_contacts, 0) as two_way_contacts,
        {{ money(known_amount('revenue.revenue_12m', 'revenue.missing_rate_count')) }} as revenue_12m,
        {{ money(greatest_known('revenue.revenue_12m', '0')) }} as positive_revenue,
        coalesce(revenue.missing_rate_count, 0) as missing_rate_count
    from pairs
    left join accounts on pairs.account_id = accounts.account_id
    left join spent on pairs.employee_id = spent.employee_id and pairs.account_id = spent.account_id
    left join revenue on pairs.account_id = revenue.account_id
),

-- Effort follows revenue within the employee's own book; time for others' accounts is told apart. Where revenue of the book
-- is not known in part, so are its shares and places.
shared as (
    select
        *,
        {{ ratio('effort_minutes', 'sum(effort_minutes) over (partition by employee_id)') }} as time_share,
        case
            when is_owner
                then {{ ratio('effort_minutes', 'sum(effort_minutes) over (partition by employee_id, is_owner)') }}
        end as effort_share,
        case
            when is_owner and sum(missing_rate_count) over (partition by employee_id, is_owner) = 0
                then {{ ratio('positive_revenue', 'sum(positive_revenue) over (partition by employee_id, is_owner)') }}
        end as revenue_share,
        case
            when is_owner and sum(missing_rate_count) over (partition by employee_id, is_owner) = 0
                then row_number() over (
                    partition by employee_id, is_owner order by revenue_12m desc, account_id
                )
        end as revenue_rank
    from joined
)

select
    shared.employee_id,
    employees.full_name as employee_name,
    employees.team,
    shared.account_id,
    accounts.account_name,
    classes.tier,
    coalesce(classes.is_key_account, false) as is_key_account,
    shared.is_owner,
    run.base_currency,
    shared.revenue_12m,
    cast(shared.effort_minutes as double) as effort_minutes,
    cast(shared.effort_minutes / 60 as decimal(18, 4)) as effort_hours,
    cast(shared.efforts as bigint) as efforts,
    cast(shared.assumed_efforts as bigint) as assumed_efforts,
    cast(shared.two_way_contacts as bigint) as two_way_contacts,
    cast(shared.missing_rate_count as bigint) as missing_rate_count,
    shared.time_share,
    {{ ratio(
        'sum(case when shared.is_owner then shared.effort_minutes else 0 end) over (partition by shared.employee_id)',
        'sum(shared.effort_minutes) over (partition by shared.employee_id)'
    ) }} as own_time_share,
    shared.effort_share,
    shared.revenue_share,
    shared.effort_share - shared.revenue_share as share_gap,
    shared.revenue_rank,
    -- The Lorenz pair: both shares added up over the own accounts in order of revenue.
    {%- for share in ['revenue', 'effort'] %}
    case
        when shared.revenue_rank is not null
            then sum(shared.{{ share }}_share) over (
                partition by shared.employee_id, shared.is_owner order by shared.revenue_rank
                rows between unbounded preceding and current row
            )
    end as {{ share }}_share_up_to,
    {%- endfor %}
    cast(sum(cast(abs(shared.effort_share - shared.revenue_share) as decimal(18, 12))) over (
        partition by shared.employee_id
    ) as double) / 2 as misplaced_share
from shared
cross join run
left join accounts on shared.account_id = accounts.account_id
left join classes on shared.account_id = classes.account_id
left join employees on shared.employee_id = employees.employee_id
