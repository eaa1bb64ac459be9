-- The hand-written script, part 2 of 4: the ledger, conversations, and each account's months.

create temp table run as
select
    greatest(
        (select max(issued_on) from invoice_lines where status <> 'Draft'), (select max(received_on) from payment_rows),
        (select max(applied_on) from payment_rows), (select max(applied_on) from credit_applications),
        (select max(occurred_on) from adjustments), (select max(issued_on) from credit_notes),
        (select cast(max(started_at) as date) from calls), (select max(occurred_on) from activities where is_completed),
        (select max(created_on) from deals), (select max(closed_on) from deals where closed_on <= today()),
        (select max(sent_on) from dunning), (select max(spent_on) from channel_costs), (select max(sent_on) from acts where sent_on <= today()),
        (select max(signed_on) from acts where signed_on <= today())
    ) as as_of;

create temp table days as
select cast(unnest(generate_series(date '2000-01-01', as_of, interval 1 day)) as date) as day from run;

-- A rate holds for a month at most.
create temp table rates as
select 'USD' as currency, day, cast(1 as decimal(18, 8)) as rate from days
union all
select currency, day, rate
from (
    select days.day, quoted.*
    from (select distinct currency from quoted_rates) as currencies
    cross join days
    asof join quoted_rates as quoted on currencies.currency = quoted.currency and days.day >= quoted.rate_date
)
where day <= rate_date + 31;

create temp table documents as
with found as (
    select
        invoice_id, any_value(status) as status, any_value(customer_id) as customer_id, any_value(issued_on) as issued_on,
        any_value(due_on) as due_on, any_value(currency) as currency, any_value(net_amount) as net_amount,
        any_value(gross_amount) as gross_amount, any_value(disputed_on) as disputed_on,
        any_value(dispute_resolved_on) as dispute_resolved_on, min(_row) as _row, 'invoice' as kind
    from invoice_lines
    group by invoice_id
    union all
    select invoice_id, 'Sent', customer_id, issued_on, issued_on, currency, net_amount, gross_amount, null, null, null, 'credit_note'
    from credit_notes
)

select
    found.* exclude (due_on), coalesce(found.due_on, found.issued_on + coalesce(customers.payment_terms_days, 0)) as due_on,
    coalesce(customers.account_id, 'zoho_books:' || found.customer_id) as account_id,
    found.status not in ('Draft', 'Void') as counts, rates.rate,
    case when found.status in ('Draft', 'Void') then 0 when found.kind = 'credit_note' then -1 else 1 end as sign
from found
left join customers using (customer_id)
left join rates on found.currency = rates.currency and found.issued_on = rates.day;

create temp table payments as
select
    payment_id, coalesce(customers.account_id, 'zoho_books:' || any_value(rows.customer_id)) as account_id,
    any_value(currency) as currency, any_value(received_on) as received_on, any_value(amount) as amount
from payment_rows as rows
left join customers using (customer_id)
group by payment_id, customers.account_id;

create temp table applications as
select
    given.payment_id, given.credit_note_id, given.invoice_id, given.amount,
    greatest(given.applied_on, documents.issued_on) as applied_on
from (
    select payment_id, null as credit_note_id, invoice_id, applied as amount, applied_on from payment_rows where invoice_id is not null
    union all
    select null, credit_note_id, invoice_id, amount, applied_on from credit_applications
) as given
inner join documents on given.invoice_id = documents.invoice_id and documents.counts and documents.kind = 'invoice';

-- An adjustment that names an invoice changes what it leaves open, another one changes what is unapplied.
create temp table events as
select invoice_id, 'invoice' as kind, issued_on as day, gross_amount as amount, null::date as settled_on
from documents
where counts and kind = 'invoice'
union all
select invoice_id, case when credit_note_id is null then 'payment' else 'credit_note' end, applied_on, -amount, applied_on
from applications
union all
-- What comes in for a debt that was given up leaves nothing less open.
select applications.invoice_id, 'recovery', applications.applied_on, applications.amount, null
from applications
inner join (
    select invoice_id, max(occurred_on) as given_up_on from adjustments where adjustment_kind = 'write_off' group by all
) as given_up on applications.invoice_id = given_up.invoice_id and applications.applied_on > given_up.given_up_on
union all
select
    adjustments.invoice_id, adjustment_kind, greatest(occurred_on, documents.issued_on),
    case adjustment_kind when 'write_off' then -adjustments.amount else adjustments.amount end, settled_on
from adjustments
inner join documents on adjustments.invoice_id = documents.invoice_id and documents.counts
left join (
    select invoice_id, payment_id, max(applied_on) as settled_on from applications group by all
) as settled on adjustments.invoice_id = settled.invoice_id and adjustments.payment_id = settled.payment_id;

create temp table cash as
select account_id, currency, received_on as day, amount, 'received' as kind from payments
union all
select coalesce(customers.account_id, 'zoho_books:' || customer_id), currency, occurred_on, -amount, adjustment_kind
from adjustments
left join customers using (customer_id)
where adjustment_kind in ('refund', 'chargeback', 'reversal');

create temp table unapplied as
select account_id, currency, received_on as day, amount from payments
union all
select account_id, currency, issued_on, gross_amount from documents where counts and kind = 'credit_note'
union all
select origin.account_id, origin.currency, applications.applied_on, -applications.amount
from applications
inner join (
    select payment_id as id, account_id, currency from payments
    union all
    select invoice_id, account_id, currency from documents where kind = 'credit_note'
) as origin on coalesce(applications.payment_id, applications.credit_note_id) = origin.id
union all
select coalesce(customers.account_id, 'zoho_books:' || customer_id), currency, occurred_on, -amount
from adjustments
left join customers using (customer_id)
where invoice_id is null;

-- What is open of each instalment, and from when to when; payments fill instalments in order.
create temp table intervals as
with changes as (
    select invoice_id, day, sum(amount)::decimal(18, 4) as amount from events group by all
),

balances as (
    select
        invoice_id, day as from_day, sum(amount) over invoices as balance,
        coalesce(lead(day) over invoices, date '9999-12-31') as to_day
    from changes
    window invoices as (partition by invoice_id order by day)
),

parts as (
    select
        *, sum(amount) over (partition by invoice_id) - sum(amount) over (partition by invoice_id order by number) as later,
        number = min(number) over (partition by invoice_id) as is_first
    from instalments
)

select *
from (
    select
        documents.invoice_id, documents.account_id, documents.currency, coalesce(parts.number, 1) as number, documents.issued_on,
        coalesce(parts.due_on, documents.due_on) as due_on, documents.disputed_on,
        coalesce(documents.dispute_resolved_on, date '9999-12-31') as resolved_on, from_day, to_day,
        greatest(case
            when not coalesce(parts.is_first, true) then least(balance - later, parts.amount)
            else balance - coalesce(parts.later, 0)
        end, 0)::decimal(18, 4) as open,
        case when coalesce(parts.is_first, true) then greatest(-balance, 0) else 0 end::decimal(18, 4) as credit
    from balances
    inner join documents using (invoice_id)
    left join parts using (invoice_id)
    where balance <> 0
)
where open > 0 or credit > 0;

create temp table snapshots as
select day as as_of from days, run where isodow(day) = 7 or day = last_day(day) or day = run.as_of;

create temp table balances as
with open_items as (
    select
        as_of, account_id, currency,
        sum(open) filter (where as_of <= due_on) as not_due,
        sum(open) filter (where as_of - due_on between 1 and 30) as days_1_30,
        sum(open) filter (where as_of - due_on between 31 and 60) as days_31_60,
        sum(open) filter (where as_of - due_on between 61 and 90) as days_61_90,
        sum(open) filter (where as_of - due_on between 91 and 120) as days_91_120,
        sum(open) filter (where as_of - due_on > 120) as days_over_120,
        sum(open) as open, sum(credit) as credit,
        sum(open) filter (where as_of >= disputed_on and as_of < resolved_on) as disputed
    from snapshots
    inner join intervals on as_of >= from_day and as_of < to_day
    group by all
),

money as (
    select
        account_id, currency, day as from_day, sum(sum(amount)) over accounts as amount,
        coalesce(lead(day) over accounts, date '9999-12-31') as to_day
    from unapplied
    group by account_id, currency, day
    window accounts as (partition by account_id, currency order by day)
),

credits as (
    select as_of, account_id, currency, amount as unapplied
    from snapshots
    inner join money on as_of >= from_day and as_of < to_day
    where amount <> 0
)

select found.*, rates.rate
from (
    select
        as_of, account_id, currency, coalesce(not_due, 0) as not_due,
        coalesce(days_1_30, 0) as days_1_30, coalesce(days_31_60, 0) as days_31_60, coalesce(days_61_90, 0) as days_61_90,
        coalesce(days_91_120, 0) as days_91_120, coalesce(days_over_120, 0) as days_over_120, coalesce(open, 0) as open,
        coalesce(credit, 0) as credit, coalesce(open, 0) - coalesce(not_due, 0) as overdue, coalesce(unapplied, 0) as unapplied,
        coalesce(disputed, 0) as disputed
    from open_items
    full join credits using (as_of, account_id, currency)
) as found
left join rates on found.currency = rates.currency and found.as_of = rates.day;

-- Calls between the same two numbers with less than two minutes between them are one conversation.
create temp table conversations as
with paused as (
    select
        *, case when caller is null or callee is null then call_id
            else least(right(caller, 10), right(callee, 10)) || '|' || greatest(right(caller, 10), right(callee, 10)) end as pair
    from calls
),

opened as (
    select
        *, started_at - max(ended_at) over (
            partition by pair order by started_at, call_id rows between unbounded preceding and 1 preceding
        ) as pause
    from paused
),

numbered as (
    select *, count(*) filter (where pause is null or pause > interval 2 minute) over (partition by pair order by started_at, call_id) as part
    from opened
),

folded as (
    select
        first(call_id order by started_at, call_id) as conversation_id, first(direction order by started_at, call_id) as direction,
        first(case direction when 'inbound' then caller else callee end order by started_at, call_id) as client,
        first(source order by started_at, call_id) as source, min(started_at) as started_at, max(ended_at) as ended_at, sum(talk) as talk,
        list(distinct (extension, agent_name)) filter (where status = 'answered') as takers,
        case
            when bool_or(status = 'answered') then 'answered' when bool_or(status = 'voicemail') then 'voicemail'
            when bool_or(status = 'missed') then 'missed' else 'failed'
        end as status,
        min(epoch(started_at) + wait) filter (where status = 'answered') - min(epoch(started_at)) as wait,
        coalesce(
            last((extension, agent_name) order by started_at, call_id) filter (where status = 'answered'),
            case when count(distinct extension) = 1 then last((extension, agent_name) order by started_at, call_id) end
        ) as agent
    from numbered
    group by pair, part
)

select
    folded.* exclude (agent), right(folded.client, 10) as client_key,
    who.account_id,
    coalesce(by_extension.employee_id, by_name.employee_id) as employee_id, folded.agent[2] as agent_name,
    cast(started_at as date) as started_on,
    case when direction = 'inbound' and client is not null then row_number() over (
        partition by right(client, 10), direction order by started_at, conversation_id
    ) = 1 end as is_first_time,
    direction = 'inbound' and status = 'answered' and talk >= 30 as is_target
from folded
left join read_parquet(getvariable('who')) as who on who.kind = 'caller' and folded.client = who.id
left join employees as by_extension on folded.agent[1] = by_extension.extension
left join employees as by_name on by_extension.employee_id is null and folded.agent[2] = by_name.employee_name;

-- A caller's misses are one case until somebody spoke with the number, or a day of silence.
create temp table missed_cases as
with touched as (
    select
        conversation_id, client_key, started_at, started_on, employee_id, direction = 'inbound' and status in ('missed', 'voicemail') as is_miss
    from conversations
    where client_key is not null and (status = 'answered' or (direction = 'inbound' and status in ('missed', 'voicemail')))
),

runs as (
    select
        *, min(started_at) filter (where not is_miss) over (
            partition by client_key order by started_at, is_miss, conversation_id rows between 1 following and unbounded following
        ) as contacted_at
    from touched
),

pauses as (
    select *, started_at - lag(started_at) over (partition by client_key, contacted_at order by started_at, conversation_id) as pause
    from runs
    where is_miss
)

select
    *, case
        when contacted_at - started_at <= interval 24 hour then true
        when cast(started_at + interval 24 hour as date) <= run.as_of then false
    end as is_handled,
    case when contacted_at - started_at <= interval 24 hour
        then round((epoch(contacted_at) - epoch(started_at)) / 60, 2)::decimal(18, 2) end as callback_minutes
from pauses, run
where pause is null or pause > interval 24 hour
union all
select conversation_id, client_key, started_at, started_on, employee_id, true, null, null, run.as_of, null, null
from conversations, run
where client_key is null and direction = 'inbound' and status in ('missed', 'voicemail');

-- A call that the CRM logs and the tracker has too is one contact: the same account, the same employee where both name one,
-- within ten minutes of its beginning or its end.
create temp table contact_events as
with talks as (
    select * from conversations where status = 'answered' and account_id is not null
),

takers as (
    select taken.conversation_id, coalesce(by_extension.employee_id, by_name.employee_id) as employee_id
    from (select conversation_id, unnest(takers) as taker from talks) as taken
    left join employees as by_extension on taken.taker[1] = by_extension.extension
    left join employees as by_name on by_extension.employee_id is null and taken.taker[2] = by_name.employee_name
    union
    select conversation_id, employee_id from talks
)

select activity_id as id, account_id, owner_id as employee_id, kind as channel, occurred_at, occurred_on
from activities
where is_two_way and account_id is not null and activity_id not in (
    select activity_id
    from activities
    inner join talks on activities.account_id = talks.account_id
        and activities.occurred_at between talks.started_at - interval 10 minute and talks.ended_at + interval 10 minute
    inner join takers on talks.conversation_id = takers.conversation_id
    where activities.kind = 'call'
        and (takers.employee_id = activities.owner_id or activities.owner_id is null or talks.employee_id is null)
)
union all
select conversation_id, account_id, employee_id, 'call', started_at, started_on from talks;
