-- Grain: one row per employee and month: how the employee talked with clients. Clients a week and connected calls (A10), what was
-- planned and done (A12), results that are written down (A13), talk with those who decide (A15), birthdays (A16), e-mails and
-- their answers in business time of the person's team (A22), meetings with a record and a next step (A25) and those that a call
-- brought about (A27). What belongs to nobody stands under 'unassigned'. What the days after it decide is counted when they
-- are over.
with run as (
    select
        *,
        cast({{ parameter('meeting_record_days') }} as integer) as record_days,
        cast({{ parameter('meeting_booking_days') }} as integer) as booking_days,
        cast({{ parameter('greeting_days') }} as integer) as greeting_days,
        cast({{ parameter('email_reply_days') }} as integer) as reply_days
    from {{ ref('int_run_dated') }}
),

activities as (
    select
        activities.*,
        coalesce(activities.owner_id, 'unassigned') as employee_id,
        {{ business_date('coalesce(activities.due_at, activities.occurred_at)', 'run.business_timezone') }} as planned_on,
        {{ business_date('activities.created_at', 'run.business_timezone') }} as created_on,
        coalesce(activities.activity_type = 'note', false) as is_note,
        coalesce(activities.activity_type = 'call', false) as is_call,
        run.as_of_date
    from {{ ref('fct_activities') }} as activities
    cross join run
),

talks as (
    select
        *,
        coalesce(employee_id, 'unassigned') as talker_id,
        cast(date_trunc('week', occurred_on) as date) as week_start
    from {{ ref('fct_two_way_contacts') }}
),

people as (
    select * from {{ ref('dim_account_people') }}
),

-- A week is of the month in which it begins.
weeks as (
    select {{ month_of('dates.week_start') }} as month, count(distinct dates.week_start) as weeks
    from {{ ref('dim_dates') }} as dates
    cross join run
    where {{ plus_days('dates.week_start', 6) }} <= run.as_of_date
    group by {{ month_of('dates.week_start') }}
),

weekly as (
    select talker_id as employee_id, {{ month_of('week_start') }} as month, count(*) as account_weeks
    from (select distinct talker_id, week_start, account_id from talks) as weekly_accounts
    cross join run
    where {{ plus_days('week_start', 6) }} <= run.as_of_date
    group by talker_id, {{ month_of('week_start') }}
),

dialled as (
    select
        coalesce(employee_id, 'unassigned') as employee_id,
        {{ month_of('started_on') }} as month,
        count(*) as outbound_calls,
        count(*) filter (where status = 'answered') as connected_calls
    from {{ ref('fct_calls') }}
    where direction = 'outbound' and started_on is not null
    group by 1, 2
),

-- A plan was made on a day before the one that it is for.
planned as (
    select
        employee_id,
        {{ month_of('planned_on') }} as month,
        count(*) as planned_activities,
        count(*) filter (where is_completed) as planned_done
    from activities
    where planned_on > created_on and planned_on <= as_of_date and not is_note
    group by 1, 2
),

logged as (
    select
        activities.employee_id,
        {{ month_of('activities.occurred_on') }} as month,
        count(*) filter (where activities.is_call) as logged_calls,
        count(activities.outcome) filter (where activities.is_call) as calls_with_outcome,
        sum(activities.duration_seconds) filter (where activities.is_two_way and people.is_decision_maker) as decider_seconds,
        sum(activities.duration_seconds) filter (where activities.is_two_way and people.is_decision_maker is not null)
            as known_seconds,
        -- Each of these may be one that was received.
        count(*) filter (
            where activities.activity_type = 'email' and activities.is_completed and activities.direction is null
                and activities.account_id is not null
        ) as undirected_emails
    from activities
    left join people on activities.contact_id = people.contact_id
    where activities.occurred_on <= activities.as_of_date
    group by 1, 2
),

answers as (
    select activity_id, account_id, occurred_at, false as is_received
    from activities
    where activity_type = 'email' and direction = 'outbound' and is_completed
    union all
    select conversation_id, account_id, started_at, false
    from {{ ref('fct_calls') }}
    where direction = 'outbound' and status = 'answered'
    union all
    select activity_id, account_id, occurred_at, true
    from activities
    where activity_type = 'email' and direction = 'inbound' and is_completed
),

followed as (
    select
        activity_id,
        is_received,
        min(case when not is_received then occurred_at end) over (
            partition by account_id order by occurred_at, activity_id rows between 1 following and unbounded following
        ) as replied_at
    from answers
    where account_id is not null and occurred_at is not null
),

mails as (
    select
        activities.employee_id,
        activities.occurred_on,
        activities.occurred_at,
        {{ business_date('followed.replied_at', 'run.business_timezone') }} as replied_on,
        followed.replied_at,
        run.reply_days,
        run.as_of_date,
        coalesce(employees.calendar, '') as calendar
    from followed
    cross join run
    inner join activities on followed.activity_id = activities.activity_id
    left join {{ ref('dim_employees') }} as employees on activities.employee_id = employees.employee_id
    where followed.is_received
),

timed as (
    select
        mails.employee_id,
        {{ month_of('mails.occurred_on') }} as month,
        mails.replied_on is not null and mails.replied_on <= {{ plus_days('mails.occurred_on', 'mails.reply_days') }} as is_answered,
        {{ plus_days('mails.occurred_on', 'mails.reply_days') }} < mails.as_of_date as is_over,
        (
            {{ business_seconds('answered', 'mails.replied_at') }} - ({{ business_seconds('sent', 'mails.occurred_at') }})
        ) / 60 as minutes
    from mails
    inner join {{ ref('int_business_days') }} as sent on mails.calendar = sent.calendar and mails.occurred_on = sent.day
    left join {{ ref('int_business_days') }} as answered
        on mails.calendar = answered.calendar and mails.replied_on = answered.day
),

replies as (
    select
        employee_id,
        month,
        count(*) as emails_received,
        {{ censored_median('case when is_answered then minutes end', 'is_answered or is_over') }} as email_reply_minutes_median
    from timed
    group by employee_id, month
),

held as (
    select activities.*, {{ plus_days('activities.occurred_on', 'run.record_days') }} as recorded_by
    from activities
    cross join run
    where activities.activity_type in ('meeting', 'visit') and activities.is_two_way and activities.account_id is not null
        and activities.occurred_on is not null
),

-- What was agreed stands in a note, or in an e-mail whose subject says so.
records as (
    select activity_id, account_id, created_on from activities where is_note
    union all
    select activities.activity_id, activities.account_id, activities.created_on
    from activities
    where activities.activity_type = 'email' and {{ tells_of('record', 'activities.subject') }}
),

recorded as (
    select distinct held.activity_id
    from held
    inner join records
        on held.account_id = records.account_id
        and records.created_on >= held.occurred_on
        and records.created_on <= held.recorded_by
),

stepped as (
    select distinct held.activity_id
    from held
    inner join activities as later
        on held.account_id = later.account_id
        and not later.is_note
        and later.created_on <= held.recorded_by
        and later.planned_on > held.occurred_on
        and later.planned_on > later.created_on
),

meetings as (
    select
        held.employee_id,
        {{ month_of('held.occurred_on') }} as month,
        count(*) as meetings_held,
        count(*) filter (where held.recorded_by < held.as_of_date) as meetings_decided,
        count(*) filter (
            where held.recorded_by < held.as_of_date and (held.outcome is not null or recorded.activity_id is not null)
        ) as meetings_recorded,
        count(*) filter (where held.recorded_by < held.as_of_date and stepped.activity_id is not null)
            as meetings_with_next_step
    from held
    left join recorded on held.activity_id = recorded.activity_id
    left join stepped on held.activity_id = stepped.activity_id
    group by 1, 2
),

-- A27: a meeting that was entered on the day of a connected call with the client, or the days after it, is booked by it.
booked as (
    select
        made.employee_id,
        {{ month_of('made.created_on') }} as month,
        count(distinct made.activity_id) as meetings_made,
        count(distinct case when talks.contact_event_id is not null then made.activity_id end) as meetings_by_call
    from activities as made
    cross join run
    left join talks
        on made.account_id = talks.account_id
        and talks.channel = 'call'
        and talks.occurred_at <= made.created_at
        and talks.occurred_on >= {{ plus_days('made.created_on', '-run.booking_days') }}
    where made.activity_type in ('meeting', 'visit') and made.planned_on > made.created_on
    group by 1, 2
),

-- Nobody knows who was reached before the first activity was entered.
begun as (
    select min(occurred_on) as first_on from activities
),

birthdays as (
    select people.contact_id, people.account_id, years.year, {{ plus_months(
        'people.birth_date', '12 * (years.year - extract(year from people.birth_date))'
    ) }} as birthday_on
    from people
    cross join (select distinct extract(year from day) as year from {{ ref('dim_dates') }}) as years
    where people.birth_date is not null
),

greeted as (
    select
        birthdays.contact_id,
        birthdays.account_id,
        birthdays.birthday_on,
        count(reached.activity_id) as reaches
    from birthdays
    cross join run
    cross join begun
    left join activities as reached
        on birthdays.contact_id = reached.contact_id
        and reached.is_completed
        and reached.activity_type in ('call', 'email', 'meeting', 'visit', 'event')
        and coalesce(reached.direction <> 'inbound', true)
        and reached.occurred_on >= {{ plus_days('birthdays.birthday_on', '-run.greeting_days') }}
        and reached.occurred_on <= {{ plus_days('birthdays.birthday_on', 'run.greeting_days') }}
    where birthdays.birthday_on >= begun.first_on and {{ plus_days('birthdays.birthday_on', 'run.greeting_days') }} <= run.as_of_date
    group by birthdays.contact_id, birthdays.account_id, birthdays.birthday_on
),

greetings as (
    select
        coalesce(owners.employee_id, 'unassigned') as employee_id,
        {{ month_of('greeted.birthday_on') }} as month,
        count(*) as birthdays,
        count(*) filter (where greeted.reaches > 0) as birthdays_reached
    from greeted
    left join {{ ref('dim_account_owners') }} as owners
        on greeted.account_id = owners.account_id and {{ holds_on('owners', 'greeted.birthday_on') }}
    group by 1, 2
),

{%- set parts = ['weekly', 'dialled', 'planned', 'logged', 'replies', 'meetings', 'booked', 'greetings'] %}
keys as (
    {%- for part in parts %}
    select employee_id, month from {{ part }} where month is not null
    {{ 'union' if not loop.last }}
    {%- endfor %}
)

select
    keys.employee_id,
    keys.month,
    {{ ratio('coalesce(weekly.account_weeks, 0)', 'weeks.weeks') }} as weekly_contact_accounts,
    dialled.outbound_calls,
    dialled.connected_calls,
    planned.planned_activities,
    planned.planned_done,
    logged.logged_calls,
    logged.calls_with_outcome,
    coalesce(logged.decider_seconds, 0) as decider_seconds,
    logged.known_seconds,
    logged.undirected_emails,
    replies.emails_received,
    replies.email_reply_minutes_median,
    meetings.meetings_held,
    meetings.meetings_decided,
    meetings.meetings_recorded,
    meetings.meetings_with_next_step,
    booked.meetings_made,
    booked.meetings_by_call,
    greetings.birthdays,
    greetings.birthdays_reached
from keys
left join weeks on keys.month = weeks.month
{%- for part in parts %}
left join {{ part }} on keys.employee_id = {{ part }}.employee_id and keys.month = {{ part }}.month
{%- endfor %}
