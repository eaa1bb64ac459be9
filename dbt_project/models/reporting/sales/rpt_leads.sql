-- Grain: one row per lead of a CRM of a known day (F19): what it became, the time that it took, and, while it is open, how many of
-- its source become clients. Time is that of calls with its number, until it was converted, and of what the CRM logs with it; a
-- call that both have counts once. What the export has no length for counts as its type does (effort_minutes).
with run as (
    select
        *,
        {{ plus_months('as_of_date', '-' ~ parameter('lead_score_months')) }} as scored_from,
        cast({{ parameter('lead_score_leads') }} as integer) as least_leads
    from {{ ref('int_run_dated') }}
),

leads as (
    select
        *,
        -- Of a client whose day of conversion nobody knows, calls with a client cannot be told from those with a lead.
        state <> 'converted' or converted_on is not null as is_effort_known
    from {{ ref('fct_leads') }}
),

-- Of several leads with one number the first has its calls.
numbers as (
    select lead_id, phone_key, converted_on
    from leads
    where phone_key is not null
    qualify row_number() over (partition by phone_key order by created_at, lead_id) = 1
),

calls as (
    select numbers.lead_id, conversations.started_on as occurred_on, conversations.talk_seconds
    from {{ ref('fct_calls') }} as conversations
    inner join numbers on conversations.client_key = numbers.phone_key
    where conversations.status = 'answered' and coalesce(conversations.started_on <= numbers.converted_on, true)
),

called as (
    select distinct lead_id, occurred_on from calls
),

efforts as (
    select lead_id, 'call' as activity_type, talk_seconds as duration_seconds, occurred_on from calls
    union all
    select activities.lead_id, activities.activity_type, activities.duration_seconds, activities.occurred_on
    from {{ ref('fct_activities') }} as activities
    left join called on activities.lead_id = called.lead_id and activities.occurred_on = called.occurred_on
    where activities.lead_id is not null and activities.is_completed
        and (called.lead_id is null or coalesce(activities.activity_type <> 'call', true))
),

spent as (
    select
        efforts.lead_id,
        count(*) as efforts,
        count(*) filter (where efforts.duration_seconds is null) as assumed_efforts,
        -- Added up as decimals: a sum of floats depends on the order in which the rows come.
        sum(cast(
            coalesce(cast(efforts.duration_seconds as double) / 60, minutes.minutes, 0) as decimal(18, 6)
        )) as effort_minutes,
        max(efforts.occurred_on) as last_effort_on
    from efforts
    left join {{ ref('effort_minutes') }} as minutes on efforts.activity_type = minutes.activity_type
    group by efforts.lead_id
),

-- What became of the leads of the last months, by source and of all.
decided as (
    select
        leads.source_key,
        count(*) as leads,
        count(*) filter (where leads.state = 'converted') as converted
    from leads
    cross join run
    where leads.state <> 'open' and leads.created_on > run.scored_from
    group by leads.source_key
),

overall as (
    select sum(leads) as leads, sum(converted) as converted from decided
),

scored as (
    select
        leads.*,
        run.as_of_date,
        case
            when leads.state <> 'open' then null
            when decided.leads >= run.least_leads then decided.leads
            when overall.leads >= run.least_leads then overall.leads
        end as scored_leads,
        case when decided.leads >= run.least_leads then decided.converted else overall.converted end as scored_converted
    from leads
    cross join run
    cross join overall
    left join decided on leads.source_key = decided.source_key
)

select
    scored.lead_id,
    scored.account_id,
    coalesce(scored.owner_id, 'unassigned') as employee_id,
    scored.lead_name,
    employees.full_name as employee_name,
    employees.team,
    scored.lead_source,
    scored.status,
    scored.state,
    {{ ratio('scored.scored_converted', 'scored.scored_leads') }} as score,
    cast(scored.scored_leads as bigint) as scored_leads,
    {{ ratio('scored.scored_converted', 'scored.scored_leads') }} < {{ parameter('lead_least_score') }} as is_doubtful,
    case when scored.is_effort_known then coalesce(spent.efforts, 0) end as efforts,
    case when scored.is_effort_known then coalesce(spent.assumed_efforts, 0) end as assumed_efforts,
    cast(case when scored.is_effort_known then coalesce(spent.effort_minutes, 0) end as decimal(18, 4)) as effort_minutes,
    scored.created_on,
    scored.converted_on,
    case when scored.is_effort_known then spent.last_effort_on end as last_effort_on,
    scored.as_of_date,
    scored._file,
    scored._row
from scored
left join spent on scored.lead_id = spent.lead_id
left join {{ ref('dim_employees') }} as employees on scored.owner_id = employees.employee_id
