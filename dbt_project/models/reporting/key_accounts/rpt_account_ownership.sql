-- Grain: one row per account of somebody, as of the as-of date: who looks after it, for how long, who stands in, how it came from sales,
-- what is planned, and where it belongs (D9 to D15, D18, P18).
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }} where is_named
),

classes as (
    select * from {{ ref('dim_account_classes') }}
),

states as (
    select account_id, status from {{ ref('fct_account_states') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

absences as (
    select * from {{ ref('fct_absence_days') }}
),

contacts as (
    select * from {{ ref('fct_two_way_contacts') }}
),

deals as (
    select * from {{ ref('fct_deals') }} where account_id is not null
),

plans as (
    select plans.*
    from {{ ref('stg_lists__account_plans') }} as plans
    cross join run
    where coalesce(plans.due_on <= {{ plus_months('run.as_of_date', parameter('plan_horizon_months')) }}, true)
),

answers as (
    select *
    from {{ ref('stg_lists__account_startup_answers') }}
    where nullif(trim(answer), '') is not null and question in ('client', 'person', 'goal')
    qualify row_number() over (partition by account_id, question order by answered_on, answer) = 1
),

-- P18: a period that another person begins is a change; one that follows the same person's is none.
held as (
    select
        owners.*,
        lag(employee_id) over (partition by account_id order by valid_from nulls first) as previous_id
    from owners
    cross join run
    where coalesce(owners.valid_from <= run.as_of_date, true)
),

changed as (
    select
        held.account_id,
        count(*) filter (where held.previous_id <> held.employee_id) as owner_changes,
        count(*) filter (
            where held.previous_id <> held.employee_id and held.valid_from > {{ year_before('run.as_of_date') }}
        ) as owner_changes_12m,
        max(held.valid_from) filter (where coalesce(held.previous_id <> held.employee_id, true)) as owner_since
    from held
    cross join run
    group by held.account_id
),

books as (
    select accounts.owner_id, count(*) as active_accounts
    from accounts
    inner join states on accounts.account_id = states.account_id
    where states.status = 'active' and accounts.owner_id is not null
    group by accounts.owner_id
),

-- The owner on each day counts: an absence of whoever owned the account then.
exposed as (
    select
        owners.account_id,
        absences.day,
        absences.substitute_id,
        absences.ends_on
    from absences
    inner join owners
        on absences.employee_id = owners.employee_id
        and {{ holds_on('owners', 'absences.day') }}
    where absences.is_working_day
),

covered as (
    select
        exposed.account_id,
        count(*) filter (
            where exposed.day <= run.as_of_date
                and exposed.day > {{ plus_days('run.as_of_date', '-' ~ parameter('cover_window_days')) }}
        ) as absent_days,
        count(*) filter (
            where exposed.day <= run.as_of_date and exposed.substitute_id is null
                and exposed.day > {{ plus_days('run.as_of_date', '-' ~ parameter('cover_window_days')) }}
        ) as uncovered_days,
        min(exposed.day) filter (where exposed.day > run.as_of_date and exposed.substitute_id is null)
            as next_uncovered_on,
        min(exposed.day) filter (where exposed.day > run.as_of_date) as next_absence_on
    from exposed
    cross join run
    group by exposed.account_id
),

away_now as (
    select absences.employee_id, absences.substitute_id, absences.ends_on
    from absences
    inner join run on absences.day = run.as_of_date
),

-- D13: the first deal that was won with the account, whoever owned the account then or was the first to after, and when
-- that person first spoke with the client.
first_won as (
    select deals.account_id, deals.owner_id as sold_by_id, deals.closed_on as first_won_on
    from deals
    where deals.status = 'won' and deals.closed_on is not null
    qualify row_number() over (partition by deals.account_id order by deals.closed_on, deals.deal_id) = 1
),

assigned as (
    select
        first_won.account_id,
        owners.employee_id as assigned_id,
        owners.valid_from as assigned_from,
        case when owners.valid_from > first_won.first_won_on then owners.valid_from else first_won.first_won_on end
            as assigned_on
    from first_won
    inner join owners
        on first_won.account_id = owners.account_id
        and coalesce(owners.valid_to > first_won.first_won_on, true)
    cross join run
    where coalesce(owners.valid_from <= run.as_of_date, true)
    qualify row_number() over (partition by first_won.account_id order by owners.valid_from nulls first) = 1
),

met as (
    select assigned.account_id, min(contacts.occurred_on) as first_contact_on
    from assigned
    inner join contacts
        on assigned.account_id = contacts.account_id and assigned.assigned_id = contacts.employee_id
        and contacts.occurred_on >= assigned.assigned_on
    group by assigned.account_id
),

worked as (
    select
        deals.account_id,
        count(*) as open_deals,
        count(distinct deals.owner_id) as open_deal_people,
        count(*) filter (where deals.owner_id <> accounts.owner_id) as open_deals_of_others
    from {{ ref('fct_open_deals') }} as deals
    inner join accounts on deals.account_id = accounts.account_id
    where deals.is_as_of
    group by deals.account_id
),

planned as (
    select
        plans.account_id,
        count(*) as plan_items,
        count(*) filter (where plans.done_on <= run.as_of_date) as plan_items_done,
        count(*) filter (where plans.due_on < run.as_of_date and coalesce(plans.done_on > run.as_of_date, true))
            as plan_items_overdue,
        min(plans.due_on) filter (where plans.due_on >= run.as_of_date and coalesce(plans.done_on > run.as_of_date, true))
            as next_plan_due_on,
        {{ first_by(
            'plans.item', 'plans.due_on', 'plans.item',
            among='plans.due_on >= run.as_of_date and coalesce(plans.done_on > run.as_of_date, true)'
        ) }} as next_plan_item
    from plans
    cross join run
    group by plans.account_id
),

answered as (
    select answers.account_id, count(*) as startup_answers, max(answers.answered_on) as startup_answered_on
    from answers
    cross join run
    where coalesce(answers.answered_on <= run.as_of_date, true)
    group by answers.account_id
),

final as (
    select
        accounts.account_id,
        accounts.account_name,
        accounts.parent_account_id,
        accounts.group_id,
        accounts.group_name,
        accounts.country,
        accounts.region,
        accounts.segment,
        accounts.owner_id,
        employees.full_name as owner_name,
        employees.team,
        managers.full_name as manager_name,
        states.status,
        classes.tier,
        coalesce(classes.is_large, false) as is_large,
        coalesce(classes.is_key_account, false) as is_key_account,
        classes.relationship_stage,
        run.base_currency,
        classes.revenue_12m,
        coalesce(classes.missing_rate_count, 0) as missing_rate_count,
        coalesce(changed.owner_changes, 0) as owner_changes,
        coalesce(changed.owner_changes_12m, 0) as owner_changes_12m,
        case when accounts.owner_id is not null then {{ days_from('changed.owner_since', 'run.as_of_date') }} end
            as owner_tenure_days,
        case
            when accounts.owner_id is not null
                then coalesce(books.active_accounts, 0) - case when states.status = 'active' then 1 else 0 end
        end as owner_other_accounts,
        away_now.employee_id is not null as is_owner_away,
        away_now.substitute_id as covered_by_id,
        substitutes.full_name as covered_by_name,
        accounts.owner_id is null or (away_now.employee_id is not null and away_now.substitute_id is null)
            as is_uncovered,
        coalesce(covered.absent_days, 0) as absent_days,
        coalesce(covered.uncovered_days, 0) as uncovered_days,
        sellers.full_name as sold_by_name,
        first_won.sold_by_id,
        assigned.assigned_id,
        coalesce(worked.open_deals, 0) as open_deals,
        coalesce(worked.open_deal_people, 0) as open_deal_people,
        coalesce(worked.open_deals_of_others, 0) as open_deals_of_others,
        coalesce(planned.plan_items, 0) as plan_items,
        coalesce(planned.plan_items_done, 0) as plan_items_done,
        coalesce(planned.plan_items_overdue, 0) as plan_items_overdue,
        planned.next_plan_item,
        coalesce(answered.startup_answers, 0) as startup_answers,
        case when accounts.owner_id is not null then changed.owner_since end as owner_since,
        away_now.ends_on as owner_back_after,
        covered.next_absence_on,
        covered.next_uncovered_on,
        first_won.first_won_on,
        -- From always on is no day: who owned the account before the deal was won may have been given it on any day.
        case when assigned.assigned_from is not null then assigned.assigned_on end as assigned_on,
        met.first_contact_on,
        planned.next_plan_due_on,
        answered.startup_answered_on,
        run.as_of_date
    from accounts
    cross join run
    left join classes on accounts.account_id = classes.account_id
    left join states on accounts.account_id = states.account_id
    left join employees on accounts.owner_id = employees.employee_id
    left join employees as managers on employees.manager_id = managers.employee_id
    left join changed on accounts.account_id = changed.account_id
    left join books on accounts.owner_id = books.owner_id
    left join away_now on accounts.owner_id = away_now.employee_id
    left join employees as substitutes on away_now.substitute_id = substitutes.employee_id
    left join covered on accounts.account_id = covered.account_id
    left join first_won on accounts.account_id = first_won.account_id
    left join employees as sellers on first_won.sold_by_id = sellers.employee_id
    left join assigned on accounts.account_id = assigned.account_id
    left join met on accounts.account_id = met.account_id
    left join worked on accounts.account_id = worked.account_id
    left join planned on accounts.account_id = planned.account_id
    left join answered on accounts.account_id = answered.account_id
)

select
    final.account_id,
    final.account_name,
    final.parent_account_id,
    final.group_id,
    final.group_name,
    final.country,
    final.region,
    final.segment,
    final.owner_id,
    final.owner_name,
    final.team,
    final.manager_name,
    final.status,
    final.tier,
    final.is_large,
    final.is_key_account,
    final.relationship_stage,
    final.base_currency,
    final.revenue_12m,
    final.missing_rate_count,
    final.owner_changes,
    final.owner_changes_12m,
    final.owner_tenure_days,
    final.owner_other_accounts,
    final.owner_other_accounts = 0 as is_dedicated,
    (final.is_large or final.is_key_account) and coalesce(final.owner_other_accounts > 0, true) as lacks_dedicated,
    final.is_owner_away,
    final.covered_by_id,
    final.covered_by_name,
    final.is_uncovered,
    final.absent_days,
    final.uncovered_days,
    final.sold_by_id,
    final.sold_by_name,
    final.assigned_id,
    assignees.full_name as assigned_name,
    {{ days_from('final.first_won_on', 'final.assigned_on') }} as days_won_to_assigned,
    {{ days_from('final.first_won_on', 'final.first_contact_on') }} as days_won_to_contact,
    case
        when final.first_won_on is not null
            then {{ days_from('final.first_won_on', 'coalesce(final.first_contact_on, final.as_of_date)') }}
                > {{ parameter('handover_limit_days') }}
    end as is_handover_late,
    final.open_deals,
    final.open_deal_people,
    final.open_deals_of_others,
    final.plan_items,
    final.plan_items_done,
    final.plan_items_overdue,
    {{ ratio('final.plan_items_done', 'final.plan_items') }} as plan_progress,
    final.next_plan_item,
    final.startup_answers,
    case
        -- Where nobody ever writes the answers down, none of them is late.
        when (select count(*) from answers) = 0 or coalesce(final.assigned_on, final.first_won_on) is null then null
        when final.startup_answers = 3 and final.startup_answered_on is null then null
        else {{ days_from(
            'coalesce(final.assigned_on, final.first_won_on)',
            'case when final.startup_answers = 3 then final.startup_answered_on else final.as_of_date end'
        ) }} > {{ parameter('startup_limit_days') }}
    end as is_startup_late,
    final.owner_since,
    final.owner_back_after,
    final.next_absence_on,
    final.next_uncovered_on,
    final.first_won_on,
    final.assigned_on,
    final.first_contact_on,
    final.next_plan_due_on,
    final.startup_answered_on
from final
left join employees as assignees on final.assigned_id = assignees.employee_id
