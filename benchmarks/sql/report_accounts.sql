-- The hand-written script, part 4 of 4: the reports on accounts, the team, deals and calls.

create temp table states as
with gaps as (
    select account_id, issued_on, issued_on - lag(issued_on) over (partition by account_id order by issued_on) as gap
    from (select distinct account_id, issued_on from documents where counts and kind = 'invoice')
),

invoicing as (
    select account_id, min(issued_on) as first_invoice_on, max(issued_on) as last_invoice_on, case when count(*) >= 3 then median(gap) end as gap
    from gaps group by all
),

winning as (
    select account_id, max(closed_on) as last_won_on from deals, run where status = 'won' and closed_on <= as_of group by all
),

contacted as (
    select account_id, max(occurred_on) as last_contact_on from contact_events, run where occurred_on <= as_of group by all
),

channels as (
    select distinct on (account_id) account_id, channel
    from (
        select account_id, channel, count(*) as contacts, max(occurred_at) as last_at
        from contact_events, run
        where occurred_on > as_of - 90 and occurred_on <= as_of
        group by all
    )
    order by account_id, contacts desc, last_at desc, channel
)

select
    names.account_id, first_invoice_on, last_invoice_on, gap, last_contact_on, channels.channel as usual_channel,
    as_of - greatest(last_invoice_on, last_won_on, last_contact_on) as quiet
from account_names as names
cross join run
left join invoicing using (account_id)
left join winning using (account_id)
left join contacted using (account_id)
left join channels using (account_id);

create temp macro state(quiet, gap) as case
    when quiet is null then null
    when quiet > greatest(365, coalesce(4 * gap, 0)) then 'lost'
    when quiet > greatest(60, coalesce(2 * gap, 0)) then 'paused'
    else 'active'
end;

create table reporting.rpt_accounts as
with crm as (
    select distinct on (account_id) * from crm_accounts where account_id = own_id
),

billing as (
    select distinct on (account_id) * from customers order by account_id, customer_id
),

revenue as (
    select account_id, sum(sign * net_amount * rate::decimal(28, 8)) as amount
    from documents, run
    where issued_on > as_of - interval 12 months and issued_on <= as_of
    group by all
),

last_cash as (
    select account_id, cash.day, sum(amount * rate::decimal(28, 8)) as amount
    from cash
    left join rates on cash.currency = rates.currency and cash.day = rates.day
    where amount > 0
    group by account_id, cash.day
    qualify row_number() over (partition by account_id order by cash.day desc) = 1
),

now_open as (
    select
        account_id, sum(open * rate::decimal(28, 8)) as open, sum(overdue * rate::decimal(28, 8)) as overdue,
        sum(unapplied * rate::decimal(28, 8)) as unapplied
    from balances, run
    where balances.as_of = run.as_of
    group by all
),

next_due as (
    select account_id, min(due_on) as due_on
    from intervals, run
    where open > 0 and due_on >= as_of and from_day <= as_of and to_day > as_of
    group by all
),

last_act as (
    select account_id, max(sent_on) as sent_on from acts, run where document_type = 'act' and sent_on <= as_of group by all
),

people as (
    select account_id, count(coalesce(phone, mobile)) as phones, count(email) as emails from contacts group by all
)

select
    names.account_id, names.account_name, crm.parent_account_id, owners_now.employee_id as owner_id, employees.employee_name as owner_name,
    employees.team, crm.segment, coalesce(crm.country, billing.country) as country, state(states.quiet, states.gap) as status,
    coalesce(revenue.amount, 0)::decimal(18, 4) as revenue_12m, coalesce(now_open.open, 0)::decimal(18, 4) as open_amount,
    coalesce(now_open.overdue, 0)::decimal(18, 4) as overdue_amount, coalesce(now_open.unapplied, 0)::decimal(18, 4) as unapplied_amount,
    last_cash.day as last_payment_on, last_cash.amount::decimal(18, 4) as last_payment_amount, next_due.due_on as next_due_on,
    last_act.sent_on as last_act_sent_on, states.last_contact_on, states.usual_channel,
    (
        (names.account_name is not null)::int + (owners_now.employee_id is not null)::int
        + (crm.phone is not null or billing.phone is not null or coalesce(people.phones, 0) > 0)::int
        + (billing.email is not null or coalesce(people.emails, 0) > 0)::int + (people.account_id is not null)::int
        + (crm.tax_key is not null or billing.tax_key is not null)::int + (coalesce(crm.country, billing.country) is not null)::int
        + (coalesce(crm.industry, crm.segment) is not null)::int
        + (coalesce(billing.payment_terms_days, contracts.payment_terms_days) is not null)::int
    ) / 9 as card_completeness,
    states.first_invoice_on, 'USD' as base_currency, coalesce(crm._file, 'Contacts.csv') as _file, coalesce(crm._row, billing._row) as _row
from account_names as names
left join crm using (account_id)
left join billing using (account_id)
left join owners_now using (account_id)
left join employees using (employee_id)
left join states using (account_id)
left join revenue using (account_id)
left join now_open using (account_id)
left join last_cash using (account_id)
left join next_due using (account_id)
left join last_act using (account_id)
left join people using (account_id)
left join contracts using (account_id);

-- Every account's months, with what happened in them and what stood at their end.
create temp table account_months as
with happened as (
    select account_id, issued_on as day, 'revenue' as what, sign * net_amount * rate::decimal(28, 8) as amount,
        kind = 'invoice' and counts as is_sign
    from documents where counts
    union all
    select documents.account_id, lines.issued_on, 'listed', line_net * rates.rate::decimal(28, 8), false
    from invoice_lines as lines
    inner join documents on lines.invoice_id = documents.invoice_id and documents.counts
    inner join products on lines.product_id = products.product_id and lines.currency = products.currency
    inner join rates on lines.currency = rates.currency and lines.issued_on = rates.day
    union all
    select documents.account_id, lines.issued_on, 'list', quantity * list_price::decimal(28, 4) * rates.rate, false
    from invoice_lines as lines
    inner join documents on lines.invoice_id = documents.invoice_id and documents.counts
    inner join products on lines.product_id = products.product_id and lines.currency = products.currency
    inner join rates on lines.currency = rates.currency and lines.issued_on = rates.day
    union all
    select account_id, cash.day, 'collected', amount * rate::decimal(28, 8), false
    from cash left join rates on cash.currency = rates.currency and cash.day = rates.day
    union all
    select account_id, balances.as_of, unnest(['open', 'overdue']), unnest([open * rate::decimal(28, 8), overdue * rate::decimal(28, 8)]), false
    from balances, run
    where (balances.as_of = last_day(balances.as_of) or balances.as_of = run.as_of) and (open <> 0 or overdue <> 0)
    union all
    select account_id, closed_on, 'won', amount * rate::decimal(28, 8), true
    from deals left join rates on deals.currency = rates.currency and closed_on = rates.day
    where status = 'won'
    union all
    select account_id, occurred_on, 'contact', 1, true from contact_events
    union all
    select account_id, started_on, direction, 1, false from conversations where account_id is not null
    union all
    select account_id, month, kind, amount * rate::decimal(28, 8), false
    from plans, run left join rates on plans.currency = rates.currency and least(last_day(month), as_of) = rates.day
),

summed as (
    select
        account_id, date_trunc('month', happened.day) as month, max(happened.day) filter (where is_sign) as sign_on,
        sum(amount) filter (where what = 'revenue') as revenue, sum(amount) filter (where what = 'collected') as collected,
        sum(amount) filter (where what = 'open') as open, sum(amount) filter (where what = 'overdue') as overdue,
        count(*) filter (where what = 'won') as won_deals, sum(amount) filter (where what = 'won') as won,
        count(*) filter (where what = 'contact') as contacts, count(*) filter (where what = 'inbound') as inbound,
        count(*) filter (where what = 'outbound') as outbound, sum(amount) filter (where what = 'cost') as cost,
        sum(amount) filter (where what = 'budget') as budget, sum(amount) filter (where what = 'listed') as listed,
        sum(amount) filter (where what = 'list') as list
    from happened, run
    where happened.day <= as_of and account_id is not null
    group by all
),

spine as (
    select account_id, months.month, least(last_day(months.month), as_of) as month_end, last_month
    from (select account_id, min(month) as first_month, max(month) as last_month from summed group by all)
    inner join (select distinct date_trunc('month', day) as month from days) as months on months.month >= first_month
    cross join run
),

signed as (
    select spine.*, summed.* exclude (account_id, month), max(sign_on) over (partition by spine.account_id order by spine.month) as last_sign_on
    from spine
    left join summed using (account_id, month)
)

select signed.*, owners.employee_id as owner_id, state(month_end - last_sign_on, states.gap) as status
from signed
left join states using (account_id)
left join owners on signed.account_id = owners.account_id and month_end >= coalesce(starts_on, month_end) and month_end <= coalesce(ends_on, month_end);

create table reporting.rpt_account_monthly as
select
    account_id, month, coalesce(revenue, 0) as net_revenue, coalesce(collected, 0) as collected, coalesce(open, 0) as open_amount_end,
    coalesce(overdue, 0) as overdue_amount_end, coalesce(won_deals, 0) as won_deals, coalesce(won, 0) as won_amount,
    coalesce(contacts, 0) as two_way_contacts, coalesce(inbound, 0) as inbound_calls, coalesce(outbound, 0) as outbound_calls, cost, coalesce(revenue, 0) - cost as margin, budget,
    coalesce(revenue, 0) - budget as budget_variance, 1 - listed / nullif(list, 0) as effective_discount, 'USD' as base_currency
from account_months
where month <= last_month;

create table reporting.rpt_team_scorecard as
with reconciled as (
    select distinct account_id, date_trunc('month', signed_on) as month from acts where document_type = 'reconciliation_act' and signed_on is not null
),

portfolios as (
    select
        coalesce(owner_id, 'unassigned') as employee_id, month, count(*) filter (where status = 'active') as accounts,
        count(*) filter (where status = 'active' and reconciled.account_id is not null) as reconciled_accounts,
        sum(revenue) as revenue, sum(collected) as collected, sum(open) as open, sum(overdue) as overdue
    from account_months
    left join reconciled using (account_id, month)
    group by all
),

new_contracts as (
    select coalesce(owner_id, 'unassigned') as employee_id, date_trunc('month', closed_on) as month, count(*) as new_contracts
    from (select distinct on (account_id) * from deals where status = 'won' and account_id is not null order by account_id, closed_on, deal_id)
    left join states using (account_id), run
    where closed_on <= as_of and coalesce(first_invoice_on, closed_on) >= closed_on
    group by all
),

held as (
    select coalesce(employee_id, 'unassigned') as employee_id, date_trunc('month', occurred_on) as month, count(distinct account_id) as accounts
    from contact_events, run
    where occurred_on <= as_of
    group by all
)

select
    month, employee_id, coalesce(portfolios.accounts, 0) as accounts,
    case
        when role_profile = 'agency' and grade = 'junior' then case when coalesce(portfolios.accounts, 0) < 2 then 'below' when portfolios.accounts > 3 then 'above' else 'within' end
        when role_profile = 'agency' then case when coalesce(portfolios.accounts, 0) < 3 then 'below' when portfolios.accounts > 5 then 'above' else 'within' end
        when role_profile = 'key_account' then case when coalesce(portfolios.accounts, 0) < 5 then 'below' when portfolios.accounts > 20 then 'above' else 'within' end
    end as load_band,
    coalesce(revenue, 0)::decimal(18, 4) as revenue, target, coalesce(revenue, 0) / nullif(target, 0) as attainment,
    coalesce(new_contracts.new_contracts, 0) as new_contracts, coalesce(collected, 0)::decimal(18, 4) as collected,
    overdue / nullif(open, 0) as overdue_ratio, coalesce(held.accounts, 0) as two_way_contact_accounts,
    reconciled_accounts / nullif(portfolios.accounts, 0) as reconciliation_coverage
from portfolios
full join new_contracts using (employee_id, month)
full join held using (employee_id, month)
full join (select targets.* from targets, run where month <= as_of) as targets using (employee_id, month)
left join employees using (employee_id);

create table reporting.rpt_pipeline as
with stages as (
    select distinct on (deal_id, cast(entered_at as date))
        deal_id, stage, amount, probability, cast(entered_at as date) as entered_on
    from deal_stages order by deal_id, cast(entered_at as date), entered_at desc, stage desc
),

stage_spans as (
    select *, coalesce(lead(entered_on) over (partition by deal_id order by entered_on), date '9999-12-31') as left_on from stages
),

moves as (
    select deal_id, created_on as moved_on from deals
    union
    select deal_id, entered_on from stages
    union
    select deal_id, occurred_on from activities where is_completed and deal_id is not null
),

open_deals as (
    select as_of, deals.*
    from deals
    inner join snapshots on as_of >= created_on and as_of < coalesce(closed_on, date '9999-12-31')
)

select
    open_deals.as_of as as_of_date, coalesce(owner_id, 'unassigned') as employee_id,
    coalesce(stage_spans.stage, case when status = 'open' then open_deals.stage end, 'not_known') as stage, count(*) as open_deals,
    coalesce(sum(coalesce(stage_spans.amount, open_deals.amount) * rate::decimal(28, 8)), 0)::decimal(18, 4) as open_amount,
    coalesce(sum(
        coalesce(stage_spans.amount, open_deals.amount) * rate::decimal(28, 8)
        * coalesce(stage_spans.probability, open_deals.probability)
    ), 0)::decimal(18, 4) as weighted_amount,
    count(*) filter (where open_deals.as_of - moved_on > 60) as stale_deals
from open_deals
asof left join moves on open_deals.deal_id = moves.deal_id and open_deals.as_of >= moves.moved_on
left join rates on open_deals.currency = rates.currency and open_deals.as_of = rates.day
left join stage_spans on open_deals.deal_id = stage_spans.deal_id and open_deals.as_of >= entered_on and open_deals.as_of < left_on
group by all;

create table reporting.rpt_call_channels as
with channels as (
    select distinct on (account_id) account_id, source, started_on as first_on
    from conversations where direction = 'inbound' and account_id is not null order by account_id, started_at, conversation_id
),

happened as (
    select source, started_on as day, 'call' as what, status, client_key, is_first_time, is_target, null as amount
    from conversations where direction = 'inbound'
    union all
    select source, spent_on, 'cost', null, null, null, null, amount * rate::decimal(28, 8)
    from channel_costs as costs left join rates on costs.currency = rates.currency and spent_on = rates.day
    union all
    select source, coalesce(created_on, closed_on), 'deal', null, null, null, null, null
    from deals inner join channels using (account_id) where coalesce(created_on, closed_on) >= first_on
    union all
    select source, closed_on, 'won', null, null, null, null, amount * rate::decimal(28, 8)
    from deals inner join channels using (account_id) left join rates on deals.currency = rates.currency and closed_on = rates.day
    where status = 'won' and coalesce(created_on, closed_on) >= first_on
    union all
    select source, issued_on, 'invoiced', null, null, null, null, sign * gross_amount * rate::decimal(28, 8)
    from documents inner join channels using (account_id) where counts and issued_on >= first_on
    union all
    select source, events.day, 'cash', null, null, null, null, -amount * rates.rate::decimal(28, 8)
    from events
    inner join documents using (invoice_id)
    inner join channels using (account_id)
    left join rates on documents.currency = rates.currency and events.day = rates.day
    where events.kind in ('payment', 'refund', 'chargeback') and events.day >= first_on
)

select
    date_trunc('month', happened.day) as month, coalesce(nullif(lower(trim(source)), ''), 'unknown') as source,
    count(*) filter (where what = 'call') as calls, count(*) filter (where status = 'answered') as answered,
    count(*) filter (where status = 'missed') as missed, count(*) filter (where is_first_time) as first_time_callers,
    count(*) filter (where is_target) as target_calls, count(distinct client_key) filter (where is_first_time and is_target) as leads,
    sum(amount) filter (where what = 'cost') as cost,
    sum(amount) filter (where what = 'cost') / nullif(count(distinct client_key) filter (where is_first_time and is_target), 0) as cost_per_lead,
    count(*) filter (where what = 'deal') as deals, coalesce(sum(amount) filter (where what = 'won'), 0) as won_amount,
    coalesce(sum(amount) filter (where what = 'invoiced'), 0) as invoiced, coalesce(sum(amount) filter (where what = 'cash'), 0) as cash_applied
from happened, run
where happened.day <= as_of
group by all;

create table reporting.rpt_call_response as
with inbound as (
    select
        started_on as day, employee_id, max(agent_name) as agent_name, count(*) as inbound, count(*) filter (where status = 'answered') as answered,
        count(*) filter (where status = 'missed') as missed, count(*) filter (where status = 'voicemail') as voicemail,
        avg(wait) filter (where status = 'answered') as answer_seconds_average
    from conversations
    where direction = 'inbound'
    group by all
),

cases as (
    select
        started_on as day, employee_id, count(*) filter (where is_handled) as handled_missed, median(callback_minutes) as callback_minutes_median,
        quantile_disc(coalesce(callback_minutes, 1e9), 0.9) filter (where is_handled is not null) as callback_minutes_p90
    from missed_cases
    group by all
)

select
    inbound.day, inbound.employee_id, coalesce(employees.employee_name, inbound.agent_name) as agent_name,
    inbound, answered, missed, 0 as abandoned, answered / nullif(answered + missed + voicemail, 0) as answer_rate, answered / inbound as answer_rate_all,
    answer_seconds_average, coalesce(handled_missed, 0) as handled_missed, callback_minutes_median,
    nullif(callback_minutes_p90, 1e9) as callback_minutes_p90
from inbound
left join employees using (employee_id)
left join cases on inbound.day = cases.day and inbound.employee_id is not distinct from cases.employee_id;
