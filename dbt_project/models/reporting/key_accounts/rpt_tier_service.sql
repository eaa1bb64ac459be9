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

calls as (
    select
        {{ month_of('missed.started_on') }} as month,
        case
            when classes.is_key_account then 'key'
            else coalesce(classes.tier, 'none')
        end as service_class,
        missed.is_handled,
        missed.callback_minutes,
        {{ days_from('missed.started_on', 'run.as_of_date') }} as age_days
    from {{ ref('fct_missed_calls') }} as missed
    cross join run
    inner join begun on missed.started_on >= begun.first_list_on
    left join classes on missed.account_id = classes.account_id and {{ holds_on('classes', 'missed.started_on') }}
    where missed.account_id is not null
),

-- What is open and still in time is neither within its target nor beyond it.
requests as (
    select
        calls.month,
        calls.service_class,
        'call' as kind,
        calls.is_handled as is_done,
        calls.callback_minutes as taken,
        cast(null as double) as business_minutes,
        cast(null as boolean) as is_reopened,
        cast(null as boolean) as is_escalated,
        case
            when calls.callback_minutes is not null then calls.callback_minutes <= targets.callback_minutes
            when calls.age_days > targets.callback_minutes / 1440 then false
        end as is_within
    from calls
    left join targets on calls.service_class = targets.service_class
    union all
    select
        {{ month_of('opened_on') }},
        service_class,
        'case',
        not is_open,
        cast(resolve_days as double),
        cast(business_minutes as double),
        is_reopened,
        is_escalated,
        is_within
    from {{ ref('fct_claims') }}
    where account_id is not null and is_class_then
)

select
    requests.month,
    requests.service_class,
    max(targets.class_rank) as class_rank,
    count(*) filter (where kind = 'call') as missed_cases,
    count(*) filter (where kind = 'call' and taken is not null) as called_back,
    {{ censored_median('taken', "kind = 'call' and is_done is not null") }} as callback_minutes_median,
    max(targets.callback_minutes) as callback_target,
    {{ ratio("count(*) filter (where kind = 'call' and is_within)", "count(is_within) filter (where kind = 'call')") }}
        as callback_within_target,
    count(*) filter (where kind = 'case') as cases_opened,
    count(*) filter (where kind = 'case' and is_done) as cases_closed,
    median(taken) filter (where kind = 'case') as case_days_median,
    {{ censored_median('business_minutes', "kind = 'case'") }} as case_business_minutes_median,
    count(*) filter (where kind = 'case' and is_reopened) as cases_reopened,
    count(*) filter (where kind = 'case' and is_escalated) as cases_escalated,
    max(targets.case_days) as case_target,
    {{ ratio("count(*) filter (where kind = 'case' and is_within)", "count(is_within) filter (where kind = 'case')") }}
        as case_within_target
from requests
left join targets on requests.service_class = targets.service_class
group by requests.month, requests.service_class
