-- Grain: one row per account with a contact, a plan for one, a deal or a case: who spoke with it last, what comes next, what
-- is being sold and what is being complained about, on the as-of date (B2, F7, F16). Open deals are those of fct_open_deals.
with run as (
    select * from {{ ref('int_run_dated') }}
),

last_contacts as (
    select
        contacts.account_id,
        contacts.occurred_at as last_contact_at,
        contacts.channel as last_contact_channel,
        contacts.employee_id as last_contact_by_id,
        contacts.contact_id as last_contact_person_id
    from {{ ref('fct_two_way_contacts') }} as contacts
    qualify row_number() over (
        partition by contacts.account_id order by contacts.occurred_at desc, contacts.contact_event_id
    ) = 1
),

-- What is to happen: not done by the end of the as-of date, and due then or later. A meeting carries its time alone.
planned as (
    select
        activities.activity_id,
        activities.account_id,
        activities.activity_type,
        activities.subject,
        activities.owner_id,
        coalesce(activities.due_at, activities.occurred_at) as planned_at,
        {{ business_date('coalesce(activities.due_at, activities.occurred_at)', 'run.business_timezone') }} as planned_on,
        run.as_of_date
    from {{ ref('fct_activities') }} as activities
    cross join run
    where activities.account_id is not null
        and activities.activity_type <> 'note'
        and not activities.is_completed
),

next_contacts as (
    select account_id, planned_on as next_contact_on, activity_type as next_contact_type, subject as next_contact_subject
    from planned
    where planned_on >= as_of_date and activity_type <> 'task'
    qualify row_number() over (partition by account_id order by planned_at, activity_id) = 1
),

next_tasks as (
    select
        account_id,
        count(*) filter (where planned_on < as_of_date) as overdue_tasks,
        count(*) as open_tasks,
        min(planned_on) filter (where planned_on >= as_of_date) as next_task_on,
        {{ first_by('subject', 'planned_at', 'activity_id', among='planned_on >= as_of_date') }} as next_task_subject
    from planned
    where activity_type = 'task'
    group by account_id
),

open_deals as (
    select
        account_id,
        count(*) as open_deals,
        sum(amount_base) as open_deals_amount,
        sum(missing_rate_count) as missing_rate_count,
        min(expected_close_on) as next_close_on
    from {{ ref('fct_open_deals') }}
    where is_as_of and account_id is not null
    group by account_id
),

open_cases as (
    select
        cases.account_id,
        count(*) as open_cases,
        min(cases.opened_on) as oldest_case_on,
        {{ first_by('cases.reason', 'cases.opened_at', 'cases.case_id') }} as oldest_case_reason
    from {{ ref('fct_cases') }} as cases
    where cases.account_id is not null and cases.closed_on is null
    group by cases.account_id
),

-- A18: a meeting or visit that is called a review.
reviews as (
    select activities.account_id, max(activities.occurred_on) as last_review_on
    from {{ ref('fct_activities') }} as activities
    where activities.is_two_way and activities.account_id is not null
        and activities.activity_type in ('meeting', 'visit', 'event') and {{ tells_of('review', 'activities.subject') }}
    group by activities.account_id
),

keys as (
    select account_id from last_contacts
    union
    select account_id from planned
    union
    select account_id from open_deals
    union
    select account_id from open_cases
)

select
    keys.account_id,
    last_contacts.last_contact_at,
    last_contacts.last_contact_channel,
    last_contacts.last_contact_by_id,
    last_contacts.last_contact_person_id,
    reviews.last_review_on,
    next_contacts.next_contact_on,
    next_contacts.next_contact_type,
    next_contacts.next_contact_subject,
    coalesce(next_tasks.open_tasks, 0) as open_tasks,
    coalesce(next_tasks.overdue_tasks, 0) as overdue_tasks,
    next_tasks.next_task_on,
    next_tasks.next_task_subject,
    coalesce(open_deals.open_deals, 0) as open_deals,
    {{ money('open_deals.open_deals_amount') }} as open_deals_amount,
    coalesce(open_deals.missing_rate_count, 0) as missing_rate_count,
    open_deals.next_close_on,
    coalesce(open_cases.open_cases, 0) as open_cases,
    open_cases.oldest_case_on,
    open_cases.oldest_case_reason
from keys
left join last_contacts on keys.account_id = last_contacts.account_id
left join reviews on keys.account_id = reviews.account_id
left join next_contacts on keys.account_id = next_contacts.account_id
left join next_tasks on keys.account_id = next_tasks.account_id
left join open_deals on keys.account_id = open_deals.account_id
left join open_cases on keys.account_id = open_cases.account_id
