-- Grain: one row per delivery, project, milestone, change, submission or report that a client waits for: against the day that the
-- client was told and the one that we meant (E4, E5, E8 to E10, E16, E17).
with commitments as (
    select * from {{ ref('fct_commitments') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name from {{ ref('dim_employees') }}
),

judged as (
    select
        commitments.*,
        run.as_of_date,
        case
            when commitments.promised_on is null then case when commitments.done_on is null then 'open' else 'done' end
            when commitments.done_on is null
                then case when commitments.promised_on < run.as_of_date then 'overdue' else 'open' end
            when commitments.done_on <= commitments.promised_on then 'in_time'
            else 'late'
        end as state,
        commitments.quantity_delivered >= commitments.quantity_ordered as is_whole
    from commitments
    cross join run
)

select
    judged.commitment_id,
    judged.kind,
    judged.account_id,
    accounts.account_name,
    judged.owner_id,
    employees.full_name as owner_name,
    judged.project,
    judged.title,
    judged.state,
    judged.currency,
    judged.budget,
    judged.spent,
    {{ ratio('judged.spent', 'judged.budget') }} as budget_used,
    case when judged.kind = 'project' then judged.spent > judged.budget end as is_over_budget,
    cast(judged.quantity_ordered as double) as quantity_ordered,
    cast(judged.quantity_delivered as double) as quantity_delivered,
    cast({{ days_from('judged.promised_on', 'coalesce(judged.done_on, case when judged.state = \'overdue\' then judged.as_of_date end)') }} as bigint)
        as days_late,
    cast({{ days_from('judged.internal_on', 'judged.promised_on') }} as bigint) as buffer_days,
    cast({{ days_from('judged.internal_on', 'judged.done_on') }} as bigint) as buffer_days_used,
    case judged.state when 'in_time' then true when 'late' then false when 'overdue' then false end as is_in_time,
    case when judged.done_on is not null then judged.is_whole end as is_whole,
    case
        when coalesce(judged.kind <> 'delivery', true) or judged.state in ('open', 'done') then null
        when judged.state in ('late', 'overdue') then false
        else judged.is_whole
    end as is_on_time_in_full,
    case when judged.kind = 'change' then judged.approved_on is not null end as is_approved,
    case
        when judged.kind = 'change' and judged.done_on is not null then coalesce(judged.approved_on > judged.done_on, true)
    end as is_done_unapproved,
    judged.made_on,
    judged.internal_on,
    judged.promised_on,
    judged.approved_on,
    judged.done_on,
    judged.as_of_date,
    judged._file,
    judged._row
from judged
left join accounts on judged.account_id = accounts.account_id
left join employees on judged.owner_id = employees.employee_id
