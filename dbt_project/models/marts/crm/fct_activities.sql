-- Grain: one row per activity of a CRM, with what it reaches, whether it was done and whether it was two-way.
-- P12: an activity counts when it was done: its outcome says so, or it has a completion, or (but for tasks) it lies
-- before its export; what lies after the run's day has not been done, whatever is said of it. P14: two-way is a connected call, a meeting, visit or event held, an inbound e-mail; an outbound
-- e-mail alone is not contact. A logged call that says neither outcome nor duration stays unknown (NULL).
with activities as (
    select * from {{ ref('stg_crm__activities') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

outcomes as (
    select * from {{ ref('activity_outcomes') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

contact_references as (
    select * from {{ ref('int_contact_references') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

resolved as (
    select
        activities._system as system,
        {{ global_id('activities._system', 'activities.activity_id') }} as activity_id,
        employees.employee_id as owner_id,
        coalesce(
            account_references.account_id, contact_references.account_id, deals.account_id, leads.account_id
        ) as account_id,
        coalesce(contact_references.contact_id, leads.contact_id) as contact_id,
        deals.deal_id,
        leads.lead_id,
        case
            when account_references.account_id is not null then account_references.rule
            when contact_references.account_id is not null then 'contact'
            when deals.account_id is not null then 'deal'
            when leads.account_id is not null then 'lead'
            when activities.account_id is not null then 'not_in_export'
            else 'none'
        end as account_rule,
        {{ unresolved_ids([
            ('account', 'activities.account_id', 'account_references.account_id'),
            ('contact', 'activities.contact_id', 'contact_references.contact_id'),
            ('deal', 'activities.deal_id', 'deals.deal_id'),
            ('lead', 'activities.lead_id', 'leads.lead_id'),
        ]) }} as unresolved_ids,
        outcomes.is_done as outcome_is_done,
        activities.activity_type,
        activities.direction,
        activities.subject,
        activities.outcome,
        activities.duration_seconds,
        activities.due_at,
        activities.completed_at,
        activities.created_at,
        -- What was done and carries no moment of its own happened when it was completed, or when it was written down.
        coalesce(
            activities.occurred_at,
            activities.completed_at,
            case when activities.activity_type in ('call', 'email', 'note', 'proposal') then activities.created_at end
        ) as occurred_at,
        activities._source,
        activities._file,
        activities._file_sha256,
        activities._row,
        activities._known_at
    from activities
    left join outcomes on {{ normalised_words('activities.outcome') }} = outcomes.outcome
    left join account_references
        on activities._system = account_references.system and activities.account_id = account_references.reference
    left join contact_references
        on activities._system = contact_references.system and activities.contact_id = contact_references.reference
    left join deals on activities._system = deals.system and activities.deal_id = deals.native_id
    left join leads on activities._system = leads.system and activities.lead_id = leads.native_id
    left join employees on activities._system = employees.system and activities.owner_id = employees.reference
),

done as (
    select
        resolved.*,
        case
            when occurred_at >= run.ends_at then false
            when outcome_is_done is not null then outcome_is_done
            when completed_at is not null then true
            when activity_type = 'task' or occurred_at is null then false
            else occurred_at <= _known_at
        end as is_completed,
        run.business_timezone
    from resolved
    cross join run
)

select
    done.activity_id,
    done.owner_id,
    done.account_id,
    done.contact_id,
    done.deal_id,
    done.lead_id,
    done.system,
    done.account_rule,
    done.unresolved_ids,
    done.activity_type,
    done.direction,
    done.subject,
    done.outcome,
    done.duration_seconds,
    done.is_completed,
    case
        when not done.is_completed then false
        when done.activity_type = 'call' then
            case
                when done.outcome_is_done then true
                when done.duration_seconds is not null then done.duration_seconds > 0
            end
        when done.activity_type in ('meeting', 'visit', 'event') then true
        when done.activity_type = 'email' then done.direction = 'inbound'
        else false
    end as is_two_way,
    done.occurred_at,
    {{ business_date('done.occurred_at', 'done.business_timezone') }} as occurred_on,
    done.due_at,
    done.completed_at,
    done.created_at,
    done._source,
    done._file,
    done._file_sha256,
    done._row
from done
