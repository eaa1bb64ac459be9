-- Grain: one row per employee and month; what belongs to nobody stands under 'unassigned', so that employees sum to the
-- whole. Revenue, cash and balances are those of the accounts that the employee owns at the month's end (in the as-of
-- month, on the as-of date); new contracts go to the deal's owner, two-way contacts to who held them.
with run as (
    select * from {{ ref('int_run_dated') }}
),

account_months as (
    select * from {{ ref('fct_account_months') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

loads as (
    select * from {{ ref('fct_employee_loads') }}
),

targets as (
    select
        employee_id,
        month,
        sum(target) filter (where metric = 'revenue') as target,
        sum(target) filter (where metric = 'profit') as profit_target,
        sum(target) filter (where metric = 'representation') as representation_budget,
        sum(target) filter (where metric = 'bonus') as bonus,
        max(working_days) as working_days,
        max(absent_days) as absent_days
    from {{ ref('fct_targets') }}
    where metric in ('revenue', 'profit', 'representation', 'bonus')
    group by employee_id, month
),

reconciled as (
    select distinct account_id, {{ month_of('signed_on') }} as month
    from {{ ref('fct_documents') }}
    where document_type = 'reconciliation_act' and signed_on is not null and account_id is not null
),

-- A month is made of invoices, deals and calls, as far as they are landed.
feed_end as (
    {{ told_until('invoices', 'deals', 'calls') }}
),

-- Without any act of reconciliation in the exports, nobody knows who reconciled: that is no coverage of zero.
reconciling as (
    select count(*) as acts from reconciled
),

{%- set measures = {'net_revenue': 'revenue', 'collected': 'collected', 'open_amount_end': 'open_amount',
    'overdue_amount_end': 'overdue_amount'} %}
portfolios as (
    select
        coalesce(account_months.owner_id, 'unassigned') as employee_id,
        account_months.month,
        count(*) filter (where account_months.status = 'active') as accounts,
        count(*) filter (where account_months.status = 'active' and reconciled.account_id is not null)
            as reconciled_accounts,
        {%- for measure, name in measures.items() %}
        {{ known_total('account_months.' ~ measure, 'account_months.unknown_' ~ measure) }} as {{ name }},
        sum(account_months.unknown_{{ measure }}) as unknown_{{ name }},
        {%- endfor %}
        sum(account_months.cost) as cost,
        sum(account_months.representation_cost) as representation_cost,
        sum(account_months.unknown_cost) as unknown_cost,
        sum(account_months.missing_rate_count) as missing_rate_count
    from account_months
    left join reconciled
        on account_months.account_id = reconciled.account_id and account_months.month = reconciled.month
    group by 1, 2
),

-- A4: contracts with new customers.
new_contracts as (
    select coalesce(employee_id, 'unassigned') as employee_id, month, count(*) as new_contracts
    from {{ ref('fct_new_contracts') }}
    group by 1, 2
),

contacts as (
    select
        coalesce(contacts.employee_id, 'unassigned') as employee_id,
        {{ month_of('contacts.occurred_on') }} as month,
        count(distinct contacts.account_id) as two_way_contact_accounts,
        count(*) as two_way_contacts
    from {{ ref('fct_two_way_contacts') }} as contacts
    group by 1, 2
),

-- P17: what a person enters of a month's events. An entry of which nobody knows when it was made counts in card_entries alone.
entries as (
    select
        coalesce(employee_id, 'unassigned') as employee_id,
        {{ month_of('event_on') }} as month,
        median(lag_days) as card_timeliness,
        {{ ratio('count(*) filter (where is_on_time)', 'count(lag_days)') }} as card_on_time_ratio,
        count(*) as card_entries
    from {{ ref('fct_card_entries') }}
    group by 1, 2
),

-- P21: what is paid is what cash made payable less what was clawed back; unknown where a part of it is.
commissions as (
    select
        employee_id,
        {{ month_of('occurred_on') }} as month,
        case when count(*) filter (where ledger = 'accrued' and amount is null) = 0
            then coalesce(sum(amount) filter (where ledger = 'accrued'), 0) end as accrued,
        case when count(*) filter (where ledger <> 'accrued' and amount is null) = 0
            then coalesce(sum(amount) filter (where ledger <> 'accrued'), 0) end as payable
    from {{ ref('fct_commission_lines') }}
    group by employee_id, {{ month_of('occurred_on') }}
),

-- Where no invoice names a deal, nobody knows which cash is whose.
linking as (
    select count(*) > 0 as are_invoices_linked from {{ ref('fct_deal_cash') }}
),

-- R22: promises whose day came in the month, of who owned the account then; cancelled ones are none.
promises as (
    select
        coalesce(account_months.owner_id, 'unassigned') as employee_id,
        account_months.month,
        count(*) as promises_due,
        count(*) filter (where promises.state = 'kept') as promises_kept
    from {{ ref('fct_promises') }} as promises
    inner join account_months
        on promises.account_id = account_months.account_id and {{ month_of('promises.kept_by') }} = account_months.month
    where promises.state in ('kept', 'partly', 'broken')
    group by 1, 2
),

keys as (
    select employee_id, month from portfolios
    union
    select employee_id, month from new_contracts
    union
    select employee_id, month from contacts
    union
    select loads.employee_id, loads.month
    from loads
    where loads.lost_accounts > 0
    union
    select commissions.employee_id, commissions.month
    from commissions
    cross join run
    where commissions.month <= run.as_of_month
    union
    select targets.employee_id, targets.month
    from targets
    cross join run
    where targets.month <= run.as_of_month
),

-- D17: who reports to the employee in the month, and whether that is more than one account executive can lead.
reports as (
    select employees.manager_id as employee_id, months.month, count(*) as direct_reports
    from employees
    inner join (select distinct month from keys) as months
        on coalesce(employees.active_from <= {{ month_end_of('months.month') }}, true)
        and coalesce(employees.active_to >= months.month, true)
    where employees.manager_id is not null
    group by employees.manager_id, months.month
),

-- P22: the working days of a month on which the employee was away lower the quota.
quotas as (
    select
        keys.employee_id,
        keys.month,
        {{ money('targets.target * (1 - cast(targets.absent_days as double) / nullif(targets.working_days, 0))') }} as quota,
        case when coalesce(portfolios.unknown_revenue, 0) = 0 then coalesce(portfolios.revenue, 0) end as revenue,
        {{ month_end_of('keys.month') }} <= run.as_of_date
        and {{ month_end_of('keys.month') }} <= feeds.complete_until as is_over
    from keys
    cross join run
    inner join targets on keys.employee_id = targets.employee_id and keys.month = targets.month
    left join portfolios on keys.employee_id = portfolios.employee_id and keys.month = portfolios.month
    left join {{ ref('fct_feed_ends') }} as feeds on feeds.feed = 'invoices'
),

-- C2: a month that is over reaches its quota or misses it; one without a quota, or with revenue that is not known, does neither.
bands as (
    select
        *,
        case when is_over and quota > 0 then
            case
                when revenue >= quota * {{ parameter('quota_share') }} then 'reached'
                when revenue is not null then 'missed'
            end
        end as quota_band
    from quotas
),

stretches as (
    select
        *,
        count(*) filter (where quota_band = 'reached') over (partition by employee_id order by month) as reached_so_far
    from bands
),

judged as (
    select
        *,
        case when quota_band is not null then
            count(*) filter (where quota_band = 'missed') over (
                partition by employee_id, reached_so_far order by month
            )
        end as misses_in_a_row
    from stretches
)

select
    keys.month,
    keys.employee_id,
    employees.full_name as employee_name,
    employees.team,
    run.base_currency,
    coalesce(portfolios.accounts, 0) as accounts,
    loads.load_band,
    {{ money(known_amount('portfolios.revenue', 'portfolios.unknown_revenue')) }} as revenue,
    {{ money('targets.target') }} as target,
    case
        when coalesce(portfolios.unknown_revenue, 0) = 0
            then {{ ratio('coalesce(portfolios.revenue, 0)', 'targets.target') }}
    end as attainment,
    case when before.unknown_revenue = 0 then {{ money('before.revenue') }} end as revenue_year_before,
    case
        when coalesce(portfolios.unknown_revenue, 0) = 0 and before.unknown_revenue = 0
            then {{ ratio('coalesce(portfolios.revenue, 0) - before.revenue', 'before.revenue') }}
    end as revenue_growth,
    judged.quota,
    judged.quota_band,
    judged.misses_in_a_row,
    judged.misses_in_a_row >= {{ parameter('quota_misses') }} as is_quota_missed_again,
    -- C27: what the plan promises for a quota that is reached.
    {{ money("case judged.quota_band when 'reached' then targets.bonus when 'missed' then targets.bonus * 0 end") }} as bonus,
    coalesce(loads.lost_accounts, 0) as lost_accounts,
    coalesce(reports.direct_reports, 0) as direct_reports,
    coalesce(reports.direct_reports, 0) > {{ parameter('span_max_reports') }} as is_above_span,
    coalesce(new_contracts.new_contracts, 0) as new_contracts,
    {%- for amount in ['collected', 'open_amount', 'overdue_amount'] %}
    {{ money(known_amount('portfolios.' ~ amount, 'portfolios.unknown_' ~ amount)) }} as {{ amount }},
    {%- endfor %}
    case
        when portfolios.unknown_open_amount = 0 then {{ ratio('portfolios.overdue_amount', 'portfolios.open_amount') }}
    end as overdue_ratio,
    coalesce(contacts.two_way_contact_accounts, 0) as two_way_contact_accounts,
    coalesce(contacts.two_way_contacts, 0) as two_way_contacts,
    -- Whoever spoke with nobody spoke with none, from the end of the first week that begins in the month on.
    case
        when {{ plus_days('keys.month', 'cast((8 - extract(isodow from keys.month)) % 7 + 6 as integer)') }} <= run.as_of_date
            then coalesce(talks.weekly_contact_accounts, 0)
    end as weekly_contact_accounts,
    {{ ratio('talks.connected_calls', 'talks.outbound_calls') }} as connected_share,
    coalesce(talks.planned_activities, 0) as planned_activities,
    {{ ratio('talks.planned_done', 'talks.planned_activities') }} as planned_done_ratio,
    coalesce(talks.logged_calls, 0) as logged_calls,
    {{ ratio('talks.calls_with_outcome', 'talks.logged_calls') }} as call_outcome_ratio,
    {{ ratio('talks.decider_seconds', 'talks.known_seconds') }} as decision_maker_talk_share,
    {{ known_amount('talks.emails_received', 'talks.undirected_emails') }} as emails_received,
    talks.email_reply_minutes_median,
    coalesce(talks.meetings_held, 0) as meetings_held,
    {{ ratio('talks.meetings_recorded', 'talks.meetings_decided') }} as meetings_recorded_ratio,
    {{ ratio('talks.meetings_with_next_step', 'talks.meetings_decided') }} as meetings_next_step_ratio,
    coalesce(talks.meetings_made, 0) as meetings_made,
    coalesce(talks.meetings_by_call, 0) as meetings_by_call,
    coalesce(talks.birthdays, 0) as birthdays,
    {{ ratio('talks.birthdays_reached', 'talks.birthdays') }} as birthdays_reached_ratio,
    -- C25: what is left of known revenue, where the plan says what the clients cost.
    case when portfolios.unknown_revenue + portfolios.unknown_cost = 0 then {{ money('portfolios.revenue - portfolios.cost') }} end
        as profit,
    {{ money('targets.profit_target') }} as profit_target,
    case
        when portfolios.unknown_revenue + portfolios.unknown_cost = 0
            then {{ ratio('portfolios.revenue - portfolios.cost', 'targets.profit_target') }}
    end as profit_attainment,
    case when portfolios.unknown_cost = 0 then {{ money('portfolios.representation_cost') }} end as representation_cost,
    {{ money('targets.representation_budget') }} as representation_budget,
    loads.response_minutes_median,
    loads.dso_days,
    coalesce(promises.promises_due, 0) as promises_due,
    {{ ratio('promises.promises_kept', 'promises.promises_due') }} as promises_kept_ratio,
    cast(entries.card_timeliness as double) as card_timeliness,
    entries.card_on_time_ratio,
    coalesce(entries.card_entries, 0) as card_entries,
    case
        when reconciling.acts > 0 then {{ ratio('portfolios.reconciled_accounts', 'portfolios.accounts') }}
    end as reconciliation_coverage,
    {{ money('case when commissions.employee_id is null then 0 else commissions.accrued end') }} as commission_accrued,
    {{ money(
        'case when linking.are_invoices_linked then case when commissions.employee_id is null then 0 '
        'else commissions.payable end end'
    ) }} as commission_payable,
    cast(coalesce(portfolios.missing_rate_count, 0) as bigint) as missing_rate_count,
    {{ is_told(month_end_of('keys.month'), 'feed_end') }} as is_complete
from keys
cross join run
cross join reconciling
cross join linking
cross join feed_end
left join portfolios on keys.employee_id = portfolios.employee_id and keys.month = portfolios.month
left join new_contracts on keys.employee_id = new_contracts.employee_id and keys.month = new_contracts.month
left join contacts on keys.employee_id = contacts.employee_id and keys.month = contacts.month
left join entries on keys.employee_id = entries.employee_id and keys.month = entries.month
left join targets on keys.employee_id = targets.employee_id and keys.month = targets.month
left join employees on keys.employee_id = employees.employee_id
left join reports on keys.employee_id = reports.employee_id and keys.month = reports.month
left join commissions on keys.employee_id = commissions.employee_id and keys.month = commissions.month
left join portfolios as before
    on keys.employee_id = before.employee_id and before.month = {{ plus_months('keys.month', -12) }}
left join {{ ref('fct_employee_contacts') }} as talks
    on keys.employee_id = talks.employee_id and keys.month = talks.month
left join loads on keys.employee_id = loads.employee_id and keys.month = loads.month
left join promises on keys.employee_id = promises.employee_id and keys.month = promises.month
left join judged on keys.employee_id = judged.employee_id and keys.month = judged.month
