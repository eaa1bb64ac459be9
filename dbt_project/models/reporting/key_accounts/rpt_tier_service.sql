-- Grain: one row per month and class of service: key accounts, then tiers A, B and C, then accounts without revenue (D16, D20).
-- An account's class is the one that stood when the call was missed or the case opened: as measured at the end of the quarter before.
with run as (
    select * from {{ ref('int_run_dated') }}
),

classes as (
    select * from {{ ref('fct_key_account_intervals') }}
),

-- Before the first list nobody knows an account's class.
begun as (
    select min(valid_from) as first_list_on from classes
),

targets as (
    select * from {{ ref('service_targets') }}
),

requests as (
    select
        account_id,
        'call' as kind,
        started_on as day,
        is_handled as is_done,
        callback_minutes as taken,
        cast(null as double) as business_minutes,
        cast(null as boolean) as is_reopened,
        cast(null as boolean) as is_escalated
    from {{ ref('fct_missed_calls') }}
    where account_id is not null
    union all
    select
        account_id,
        'case',
        opened_on,
        not is_open,
        cast(resolve_days as double),
        cast(business_minutes as double),
        is_reopened,
        is_escalated
    from {{ ref('fct_claims') }}
    where account_id is not null and opened_on is not null
),

classed as (
    select
        requests.*,
        {{ month_of('requests.day') }} as month,
        case
            when classes.is_key_account then 'key'
            else coalesce(classes.tier, 'none')
        end as service_class,
        {{ days_from('requests.day', 'run.as_of_date') }} as age_days
    from requests
    cross join run
    inner join begun on requests.day >= begun.first_list_on
    left join classes on requests.account_id = classes.account_id and {{ holds_on('classes', 'requests.day') }}
),

-- What is open and still in time is neither within its target nor beyond it.
judged as (
    select
        classed.*,
        targets.class_rank,
        targets.callback_minutes as callback_target,
        targets.case_days as case_target,
        classed.taken <= case when classed.kind = 'call' then targets.callback_minutes else targets.case_days end
            as is_within,
        classed.taken is not null
        or classed.age_days > case when classed.kind = 'call' then targets.callback_minutes / 1440 else targets.case_days end
            as is_judged
    from classed
    left join targets on classed.service_class = targets.service_class
)

select
    month,
    service_class,
    max(class_rank) as class_rank,
    count(*) filter (where kind = 'call') as missed_cases,
    count(*) filter (where kind = 'call' and taken is not null) as called_back,
    {{ censored_median('taken', "kind = 'call' and is_done is not null") }} as callback_minutes_median,
    max(callback_target) as callback_target,
    {{ ratio(
        "count(*) filter (where kind = 'call' and is_judged and is_within)",
        "count(*) filter (where kind = 'call' and is_judged)"
    ) }} as callback_within_target,
    count(*) filter (where kind = 'case') as cases_opened,
    count(*) filter (where kind = 'case' and is_done) as cases_closed,
    median(taken) filter (where kind = 'case') as case_days_median,
    {{ censored_median('business_minutes', "kind = 'case'") }} as case_business_minutes_median,
    count(*) filter (where kind = 'case' and is_reopened) as cases_reopened,
    count(*) filter (where kind = 'case' and is_escalated) as cases_escalated,
    max(case_target) as case_target,
    {{ ratio(
        "count(*) filter (where kind = 'case' and is_judged and is_within)",
        "count(*) filter (where kind = 'case' and is_judged)"
    ) }} as case_within_target
from judged
group by month, service_class
