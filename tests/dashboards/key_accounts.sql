-- What the page Key accounts reads, on top of reporting.sql: four quarters of the 48 accounts, of which every twelfth meets
-- enough criteria; two are decided, both against what is proposed.
create schema fixture;

create table fixture.accounts as
select *, cast(split_part(account_id, ':', 2) as bigint) - 400 as number from reporting.rpt_accounts;

create table fixture.quarters as
select
    number,
    cast(date '2026-01-01' + to_months(3 * number::int) as date) as quarter,
    cast(least(date '2026-04-01' + to_months(3 * number::int) - interval 1 day, date '2026-11-20') as date) as measured_on
from range(4) as quarters(number);

create table reporting.rpt_key_accounts as
with numbered as (
    select
        accounts.account_id, accounts.account_name, accounts.owner_id, accounts.revenue_12m, accounts.number as a, quarters.quarter, quarters.measured_on, quarters.number as q,
        2 + accounts.number * 5 % 6 + case when accounts.number % 4 = 0 then 3 else 0 end
        + case when accounts.number = 10 and quarters.number = 3 then 5 else 0 end
        - case when accounts.number = 32 and quarters.number = 3 then 6 else 0 end as criteria_met
    from fixture.accounts as accounts, fixture.quarters as quarters
),

qualified as (
    select
        *, criteria_met >= 8 as is_qualified,
        case when a = 3 then 'enter' when a = 20 and q >= 2 then 'leave' end as decision
    from numbered
),

listed as (
    select *, case when decision is null then is_qualified else decision = 'enter' end as is_listed from qualified
),

followed as (
    select *, coalesce(lag(is_listed) over (partition by account_id order by quarter), false) as was_listed
    from listed
)

select
    quarter, account_id, account_name, owner_id, 'Astrid Berg' as owner_name, 'North' as team,
    case when is_qualified and was_listed then 'stay' when is_qualified then 'enter' when was_listed or is_listed then 'leave' end
        as proposal,
    case when decision is not null then 'decided' when is_listed then 'proposed' end as basis,
    'criteria_met' as reason, decision, 'Because' as decision_reason, is_listed, was_listed,
    is_qualified, is_listed and not is_qualified as is_drifting, case when is_listed and not is_qualified then 2 end as drift_quarters,
    not is_listed and criteria_met = 7 as is_candidate,
    coalesce(is_qualified <> was_listed and decision is null, false) as is_review_due,
    case when a % 5 = 0 then 'A' when a % 5 < 3 then 'B' else 'C' end as tier, a % 5 = 0 as is_large,
    cast(criteria_met as bigint) as criteria_met, cast(10 as bigint) as criteria_known, cast(14 as bigint) as criteria_total,
    8 as criteria_needed, criteria_met / 14 as criteria_share, criteria_met / 14 as fit_share,
    row_number() over (partition by quarter order by criteria_met desc, account_id) as list_rank,
    count(*) filter (is_listed) over (partition by quarter) as list_size, 'within' as list_state,
    ['tactical', 'operational', 'functional', 'strategic'][1 + (a + q) % 4] as relationship_stage,
    ['tactical', 'operational', 'functional', 'strategic'][1 + (a + q - 1) % 4] as stage_before, q > 0 as is_stage_changed,
    'EUR' as base_currency, revenue_12m, cast(revenue_12m as double) / sum(cast(revenue_12m as double)) over (partition by quarter)
        as revenue_share,
    2.5 as tenure_years, cast(2 as bigint) as contracts, cast(3 as bigint) as buying_centres,
    cast(1 as bigint) as decision_maker_contacts, cast(a % 3 as bigint) as open_deals, cast(0 as bigint) as missing_rate_count,
    measured_on, case when is_listed then date '2026-01-01' end as entered_in, measured_on as last_contact_on
from followed;

create table reporting.rpt_key_account_criteria as
select
    accounts.quarter, accounts.account_id, criteria.criterion, criteria.criterion_name, criteria.kind, 'revenue' as theme,
    criteria.unit, 'What it asks' as meaning, criteria.value, criteria.threshold, criteria.value >= criteria.threshold as is_met
from reporting.rpt_key_accounts as accounts, (values
    ('revenue_share', 'Share of our revenue', 'computed', 'share', 0.055, 0.02),
    ('on_time_share', 'Pays on time', 'computed', 'share', 0.5, 0.8),
    ('culture_fit', 'Culture fits', 'rated', null, null, null)
) as criteria(criterion, criterion_name, kind, unit, value, threshold)
where accounts.quarter = date '2026-10-01';

create table reporting.rpt_account_classifications as
select
    account_id, account_name, 'size_fit' as scheme, 'Size and fit' as scheme_name,
    case when is_listed then 'Key partner' else 'Other' end as class, 'Serve' as action, 'grid' as basis,
    'Share of our revenue' as x_label, 'Criteria met' as y_label, revenue_share as x_value, fit_share as y_value
from reporting.rpt_key_accounts where quarter = date '2026-10-01'
union all
select account_id, account_name, '4S', '4S', 'Star', null, 'given', null, null, null, null
from reporting.rpt_key_accounts where quarter = date '2026-10-01' and is_listed;

create table reporting.rpt_account_handovers as
select
    account_id, account_name, date '2026-06-01' as changed_on, 'Piotr Lind' as previous_owner_name,
    'Astrid Berg' as new_owner_name, true as is_key_account, cast(60 as bigint) as window_days, true as is_complete,
    cast(9 as bigint) as contacts_before, cast(6 as bigint) as contacts_after, -1.0 / 3 as contacts_change
from fixture.accounts where number < 3;

create table reporting.rpt_account_ownership as
select
    keys.account_id, keys.account_name, 'North' as region, own.country, keys.team, keys.account_id as group_id, keys.account_name as group_name,
    keys.tier, keys.is_large, keys.is_listed as is_key_account, keys.owner_id, keys.owner_name, own.status,
    keys.revenue_12m, cast(0 as bigint) as owner_changes_12m, cast(9 as bigint) as owner_other_accounts,
    true as lacks_dedicated, keys.owner_id is null as is_uncovered, cast(2 as bigint) as uncovered_days,
    keys.open_deals, cast(4 as bigint) as days_won_to_contact, false as is_handover_late, date '2025-01-01' as first_won_on,
    cast(0 as bigint) as startup_answers, cast(0 as bigint) as plan_items
from reporting.rpt_key_accounts as keys inner join reporting.rpt_accounts as own using (account_id)
where keys.quarter = date '2026-10-01';

create table reporting.rpt_effort as
with shares as (
    select
        'crm:1' as employee_id, 'Astrid Berg' as employee_name, account_id, account_name, revenue_12m,
        row_number() over (order by revenue_12m desc, account_id) as revenue_rank, count(*) over () as accounts,
        cast(revenue_12m as double) / sum(cast(revenue_12m as double)) over () as revenue_share
    from reporting.rpt_accounts
    where owner_id = 'crm:1'
)

select
    *, true as is_owner, 60.0 as effort_minutes, cast(3 as bigint) as efforts, cast(1 as bigint) as assumed_efforts,
    1.0 / accounts as time_share, 1.0 / accounts as effort_share, 1.0 / accounts - revenue_share as share_gap,
    sum(revenue_share) over (order by revenue_rank) as revenue_share_up_to,
    cast(revenue_rank as double) / accounts as effort_share_up_to, 0.25 as misplaced_share
from shares;

create table reporting.rpt_key_account_coverage as
select
    cast(date '2026-09-07' + to_days(7 * week::int) as date) as week_start, 'crm:1' as employee_id, 'Astrid Berg' as employee_name,
    'North' as team, cast(8 as bigint) as key_accounts, cast(4 + week % 3 as bigint) as called_accounts,
    cast(7 as bigint) as contacted_accounts, (4 + week % 3) / 8 as coverage, 7 / 8 as contact_coverage
from range(11) as weeks(week);

create table reporting.rpt_tier_service as
select
    date '2026-10-01' as month, service_class, class_rank, cast(10 as bigint) as missed_cases, cast(8 as bigint) as called_back,
    90.0 as callback_minutes_median, 60.0 as callback_target, 0.4 as callback_within_target, cast(2 as bigint) as cases_opened
from (values ('key', 1), ('A', 2), ('none', 5)) as classes(service_class, class_rank);

create table reporting.rpt_team_scorecard as
select
    date '2026-11-01' as month, employee_id, employee_name, team, accounts, load_band, cast(3 as bigint) as direct_reports,
    true as is_above_span
from (values
    ('crm:1', 'Astrid Berg', 'North', 9, 'above'), ('crm:3', 'Maja Roth', 'South', 4, 'within'), ('unassigned', 'No owner', null, 2, null)
) as people(employee_id, employee_name, team, accounts, load_band);

drop schema fixture cascade;
