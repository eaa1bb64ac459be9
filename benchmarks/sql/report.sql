-- The hand-written script, part 3 of 4: the reports.

-- Receivables
create table reporting.rpt_receivable_aging as
select
    as_of as as_of_date, account_id, currency, not_due, days_1_30, days_31_60, days_61_90, days_91_120, days_over_120,
    open as open_amount, credit as credit_amount, overdue as overdue_amount, unapplied as unapplied_amount,
    open - credit - unapplied as net_amount
from balances;

create temp table account_names as
select account_id, any_value(account_name order by own_id = account_id desc) as account_name from crm_accounts group by all
union all
select account_id, any_value(customer_name) from customers where account_id like 'zoho_books:%' group by all
union all
select distinct account_id, split_part(account_id, ':', 2) from documents where account_id = 'zoho_books:' || customer_id
    and customer_id not in (select customer_id from customers);

create temp table owners_now as
select account_id, employee_id
from owners, run
where coalesce(starts_on, as_of) <= as_of and coalesce(ends_on, as_of) >= as_of;

create table reporting.rpt_open_invoices as
select
    'zoho_books:' || items.invoice_id as invoice_id, items.invoice_id as invoice_number, items.number as instalment_number,
    items.account_id, names.account_name, owners_now.employee_id as owner_id, items.issued_on, items.due_on,
    as_of - items.due_on as days_overdue,
    case
        when as_of <= items.due_on then 'not_due' when as_of - items.due_on <= 30 then 'days_1_30'
        when as_of - items.due_on <= 60 then 'days_31_60' when as_of - items.due_on <= 90 then 'days_61_90'
        when as_of - items.due_on <= 120 then 'days_91_120' else 'days_over_120'
    end as aging_bucket,
    items.currency, documents.gross_amount, items.open as open_amount, (items.open * rates.rate::decimal(28, 8))::decimal(18, 4) as open_amount_base,
    coalesce(as_of >= items.disputed_on and as_of < items.resolved_on, false) as is_disputed, sent.dunning_level,
    (items.open * 0.08 / 365 * greatest(as_of - items.due_on, 0))::decimal(18, 4) as late_interest, 'explicit' as allocation,
    'Invoice.csv' as _file, documents._row
from intervals as items
inner join run on as_of >= from_day and as_of < to_day
inner join documents using (invoice_id)
left join account_names as names on items.account_id = names.account_id
left join owners_now on items.account_id = owners_now.account_id
left join rates on items.currency = rates.currency and as_of = rates.day
left join (
    select invoice_id, max(level) as dunning_level from dunning, run where sent_on <= as_of group by all
) as sent on items.invoice_id = sent.invoice_id
where items.open > 0;

-- A day of a currency: what is open at its end, and what flowed. ALL is every currency in the base one.
create temp table currency_days as
with moves as (
    select currency, from_day as day, open, case when from_day <= due_on then open else 0 end as not_due from intervals
    union all
    select currency, to_day, -open, case when to_day <= due_on then -open else 0 end from intervals
    union all
    select currency, due_on + 1, 0, -open from intervals where from_day <= due_on and to_day > due_on
),

flows as (
    select currency, issued_on as day, sign * gross_amount as sales, 0 as collected, 0 as written_off, 0 as unapplied,
        null as amount, null as after_issue, null as after_due, false as is_payment
    from documents where counts
    union all
    select currency, day, 0, amount, 0, 0, null, null, null, false from cash
    union all
    select currency, day, 0, 0, 0, amount, null, null, null, false from unapplied
    union all
    select
        documents.currency, events.day, 0, 0, case when events.kind = 'write_off' then -amount else 0 end, 0,
        case when events.kind in ('payment', 'refund', 'chargeback') then -amount end,
        events.settled_on - documents.issued_on, events.settled_on - documents.due_on, events.kind = 'payment'
    from events
    inner join documents using (invoice_id)
    where events.kind in ('payment', 'refund', 'chargeback', 'write_off')
),

moved as (
    select currency, day, sum(open) as open, sum(not_due) as not_due from moves group by all
),

flowed as (
    select
        currency, day, sum(sales) as sales, sum(collected) as collected, sum(written_off) as written_off, sum(unapplied) as unapplied,
        sum(amount) as paid, sum(amount * after_issue) as issue_days, sum(amount * after_due) as delay_days,
        sum(amount * greatest(after_due, 0)) as late_days, sum(amount) filter (where after_due <= 0) as on_time,
        count(*) filter (where is_payment) as payments, count(*) filter (where is_payment and after_due <= 0) as payments_on_time
    from flows
    group by all
),

overdue_days as (
    select
        currency, day, open - not_due as overdue,
        (open - not_due) * (day - date '2000-01-01') - coalesce(weight, 0) as overdue_days
    from (
        select
            currency, days.day, sum(moved.open) over c as open, sum(moved.not_due) over c as not_due, sum(weighted.weight) over c as weight
        from (select distinct currency from documents) as currencies
        cross join days
        left join moved using (currency, day)
        left join (
            select currency, day, sum(weight) as weight
            from (
                select currency, greatest(from_day, due_on + 1) as day, open * (due_on - date '2000-01-01') as weight
                from intervals where to_day > due_on + 1
                union all
                select currency, to_day, -open * (due_on - date '2000-01-01') from intervals where to_day > due_on + 1
            )
            group by all
        ) as weighted using (currency, day)
        window c as (partition by currency order by days.day)
    )
),

spine as (
    select currency, days.day
    from (select currency, min(day) as first_on from flowed group by all) as firsts
    inner join days on days.day >= first_on
),

one_currency as (
    select
        currency, day, rates.rate::decimal(28, 8) as rate, coalesce(sum(open) over c, 0) as open, coalesce(sum(not_due) over c, 0) as not_due,
        coalesce(sum(unapplied) over c, 0) as unapplied, coalesce(overdue_days, 0) as overdue_days,
        columns(['sales', 'collected', 'written_off', 'paid', 'issue_days', 'delay_days', 'late_days', 'on_time', 'payments', 'payments_on_time'])
    from spine
    left join moved using (currency, day)
    left join flowed using (currency, day)
    left join overdue_days using (currency, day)
    left join rates using (currency, day)
    window c as (partition by currency order by day)
)

select * exclude (rate) from one_currency
union all by name
select 'ALL' as currency, day, sum(payments) as payments, sum(payments_on_time) as payments_on_time,
    sum(columns(['open', 'not_due', 'unapplied', 'overdue_days', 'sales', 'collected', 'written_off', 'paid', 'issue_days', 'delay_days', 'late_days', 'on_time']) * rate)
from one_currency
group by all;

create table reporting.rpt_receivable_kpis as
with totals as (
    select
        currency, day, open, not_due, unapplied, overdue_days,
        sum(columns(['sales', 'collected', 'written_off', 'paid', 'issue_days', 'delay_days', 'late_days', 'on_time', 'payments', 'payments_on_time'])) over (partition by currency order by day),
        avg(open) over (partition by currency order by day range between interval 365 days preceding and current row) as average_open
    from currency_days
),

ends as (
    select day, date_trunc('month', day) - interval 1 day as before_month, day - 90 as before_window, day - interval 12 months as before_year
    from days, run
    where day = last_day(day) or day = as_of
),

measured as (
    select
        date_trunc('month', now.day) as month, now.*, ends.before_window, coalesce(month.open, 0) as opening, coalesce(start.open, 0) as opening_window,
        coalesce(now.sales, 0) - coalesce(month.sales, 0) as month_sales, coalesce(now.collected, 0) - coalesce(month.collected, 0) as month_collected,
        coalesce(now.written_off, 0) - coalesce(month.written_off, 0) as month_written_off,
        coalesce(now.sales, 0) - coalesce(start.sales, 0) as w_sales, coalesce(now.paid, 0) - coalesce(start.paid, 0) as w_paid,
        coalesce(now.issue_days, 0) - coalesce(start.issue_days, 0) as w_issue_days, coalesce(now.delay_days, 0) - coalesce(start.delay_days, 0) as w_delay_days,
        coalesce(now.late_days, 0) - coalesce(start.late_days, 0) as w_late_days, coalesce(now.on_time, 0) - coalesce(start.on_time, 0) as w_on_time,
        coalesce(now.payments, 0) - coalesce(start.payments, 0) as w_payments,
        coalesce(now.payments_on_time, 0) - coalesce(start.payments_on_time, 0) as w_payments_on_time,
        coalesce(now.sales, 0) - coalesce(year.sales, 0) as y_sales, coalesce(now.written_off, 0) - coalesce(year.written_off, 0) as y_written_off
    from totals as now
    inner join ends using (day)
    left join totals as month on now.currency = month.currency and ends.before_month = month.day
    left join totals as start on now.currency = start.currency and ends.before_window = start.day
    left join totals as year on now.currency = year.currency and ends.before_year = year.day
),

countback as (
    select measured.currency, measured.day, arg_max(measured.day - back.day + (measured.open - measured.sales + back.sales) / nullif(back.day_sales, 0), back.day) as days
    from measured
    inner join (
        select currency, day, sales, sales - coalesce(lag(sales) over (partition by currency order by day), 0) as day_sales from totals
    ) as back on measured.currency = back.currency and back.day <= measured.day and back.sales - back.day_sales <= measured.sales - measured.open
    where measured.open > 0
    group by all
),

cohorts as (
    select
        currency, issued_on, date_trunc('month', events.day) as event_month, sum(events.amount) as amount,
        sum(events.amount * (events.day - date '2000-01-01')) as amount_days, sum(events.amount) filter (where events.kind = 'invoice') as invoiced
    from events
    inner join documents using (invoice_id)
    group by all
),

weighted as (
    select ends.day, cohorts.currency, sum(amount * (ends.day - date '2000-01-01') - amount_days) / sum(invoiced) as days
    from ends
    inner join (
        select * from cohorts
        union all
        select 'ALL', issued_on, event_month, amount * rate, amount_days * rate, invoiced * rate
        from cohorts inner join rates on cohorts.currency = rates.currency and issued_on = rates.day
    ) as cohorts on issued_on > before_window and issued_on <= ends.day and event_month <= ends.day
    group by all
),

shares as (
    select currency, as_of as day, open, disputed, sum(open) over (partition by currency, as_of) as total,
        row_number() over (partition by currency, as_of order by open desc, account_id) as place
    from (
        select currency, as_of, account_id, open, disputed from balances
        union all
        select 'ALL', as_of, account_id, sum(open * rate::decimal(28, 8)), sum(disputed * rate::decimal(28, 8)) from balances group by all
    )
    where open > 0 and as_of in (select day from ends)
),

concentrated as (
    select currency, day, sum(open) filter (where place <= 10) / any_value(total) as top10_share, sum(pow(open / total, 2)) as hhi,
        sum(disputed) / any_value(total) as disputed_share
    from shares
    group by all
)

select
    month, currency, month_sales as sales, month_collected as collected, open as open_amount, open - not_due as overdue_amount,
    (open - not_due) / nullif(open, 0) as overdue_ratio, unapplied as unapplied_amount,
    case when w_sales > 0 then open / w_sales * 90 end as dso_simple,
    case when w_sales > 0 then (open + opening_window) / 2 / w_sales * 90 end as dso_average,
    case when open <= 0 then 0 else countback.days end as dso_countback, weighted.days as dso_weighted,
    case when w_sales > 0 then not_due / w_sales * 90 end as best_possible_dso,
    case when w_sales > 0 then (open - not_due) / w_sales * 90 end as delinquent_days,
    (w_late_days + overdue_days) / nullif(w_paid + open - not_due, 0) as average_days_delinquent,
    (w_delay_days + overdue_days) / nullif(w_paid + open - not_due, 0) as average_delay_days,
    w_issue_days / nullif(w_paid, 0) as average_payment_days, w_on_time / nullif(w_paid, 0) as on_time_ratio_amount,
    w_payments_on_time / nullif(w_payments, 0) as on_time_ratio_count,
    100 * (opening + month_sales - open) / nullif(opening + month_sales - not_due, 0) as collection_effectiveness,
    100 * (opening + month_sales - open - month_written_off) / nullif(opening + month_sales - not_due, 0) as collection_effectiveness_cash,
    y_sales / nullif(average_open, 0) as turnover, y_written_off / nullif(y_sales, 0) as bad_debt_ratio,
    coalesce(disputed_share, 0) as disputed_share, top10_share, hhi
from measured
left join countback using (currency, day)
left join weighted using (currency, day)
left join concentrated using (currency, day);
