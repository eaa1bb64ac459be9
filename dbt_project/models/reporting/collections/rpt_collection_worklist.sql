-- Grain: one row per account that has something overdue on the as-of date, ranked: whom to contact next, why and with what.
-- worklist_score is the sum of five components' points, each a share from 0 to 1 times its weight (parameters
-- worklist_weight_*).
-- What is disputed is no reason to chase: it has its own action, and counts in no component. A debtor who called in vain and
-- with whom nobody has spoken since stands before all others that can be asked (N8). What names no customer is owed by nobody who
-- could be asked: whose it is has to be found first.
with run as (
    select * from {{ ref('int_run_dated') }}
),

{% set settings = ['weight_money', 'weight_age', 'weight_silence', 'weight_promise', 'weight_habit', 'age_full_days',
    'silence_full_days', 'habit_full_days', 'habit_days', 'habit_payments', 'promise_covers_share',
    'reminder_rest_days', 'last_reminder'] -%}
settings as (
    select
        {%- for name in settings %}
        {{ parameter('worklist_' ~ name) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name, team from {{ ref('dim_employees') }}
),

states as (
    select * from {{ ref('fct_account_states') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

items as (
    {{ open_items_at(ref('fct_receivable_intervals'), 'run', [
        'invoice_id', 'account_id', 'currency', 'open_amount', 'due_on'
    ]) }}
),

overdue as (
    select
        items.invoice_id,
        items.account_id,
        items.currency,
        items.days_overdue,
        items.is_disputed,
        items.open_amount,
        rates.rate
    from items
    left join rates on items.currency = rates.currency and items.as_of_date = rates.rate_date
    where items.open_amount > 0 and items.days_overdue > 0
),

-- What is overdue in a currency is converted whole, and its parts add up to it.
by_currency as (
    select
        account_id,
        currency,
        coalesce(sum(open_amount) filter (where not is_disputed), 0) as collectible,
        coalesce(sum(open_amount) filter (where is_disputed), 0) as disputed,
        {{ money('coalesce(sum(open_amount) filter (where not is_disputed), 0) * rate') }} as collectible_amount,
        {{ money('sum(open_amount) * rate') }} as overdue_amount,
        count(*) filter (where rate is null) as missing_rate_count,
        count(*) filter (where not is_disputed) as collectible_items,
        count(distinct invoice_id) as overdue_invoices,
        max(days_overdue) as oldest_days_overdue,
        max(days_overdue) filter (where not is_disputed) as oldest_collectible_days
    from overdue
    group by account_id, currency, rate
),

owing as (
    select
        account_id,
        case when count(*) = 1 then min(currency) end as currency,
        {{ known_sum('collectible_amount', 'collectible') }} as collectible_amount,
        {{ known_sum('(overdue_amount - collectible_amount)', 'disputed') }} as disputed_amount,
        sum(missing_rate_count) as missing_rate_count,
        sum(collectible_items) as collectible_items,
        sum(overdue_invoices) as overdue_invoices,
        max(oldest_days_overdue) as oldest_days_overdue,
        max(oldest_collectible_days) as oldest_collectible_days
    from by_currency
    group by account_id
),

-- R25: of the oldest item that can be asked for, the highest step; items that are all disputed tell their own.
oldest as (
    select account_id, invoice_id
    from overdue
    qualify row_number() over (
        partition by account_id order by case when is_disputed then 1 else 0 end, days_overdue desc, invoice_id
    ) = 1
),

dunned as (
    select oldest.account_id, max(steps.step) as dunning_level, max(steps.sent_on) as last_dunned_on
    from oldest
    inner join {{ ref('fct_dunning_steps') }} as steps on oldest.invoice_id = steps.invoice_id
    group by oldest.account_id
),

promises as (
    select * from {{ ref('fct_promises') }} where account_id is not null and closed_on is null
),

last_promises as (
    select account_id, state, promised_for, kept_by, is_kept_late
    from promises
    qualify row_number() over (partition by account_id order by made_on desc, promised_for desc, promise_id desc) = 1
),

open_promises as (
    select
        promises.account_id,
        min(promises.promised_for) as promised_for,
        sum({{ money('(promises.amount - promises.kept_amount) * rates.rate') }}) as amount
    from promises
    cross join run
    left join rates on promises.currency = rates.currency and run.as_of_date = rates.rate_date
    where promises.state = 'open'
    group by promises.account_id
),

-- How late the account pays as a rule: the middle one of its payments' days past due, early ones negative; an
-- instalment is due on its own day.
habits as (
    select
        events.account_id,
        cast(median({{ days_from('events.due_on', 'events.settlement_date') }}) as double) as usual_delay_days
    from {{ ref('fct_receivable_settlements') }} as events
    cross join run
    cross join settings
    where events.is_payment and events.is_dated and not events.is_opening
        and events.event_date <= run.as_of_date
        and events.event_date > {{ plus_days('run.as_of_date', '-settings.habit_days') }}
        and events.account_id in (select account_id from owing)
    group by events.account_id, settings.habit_payments
    having count(*) >= settings.habit_payments
),

talked_to as (
    select contact_id, max(occurred_on) as last_on
    from {{ ref('fct_two_way_contacts') }}
    where contact_id is not null
    group by contact_id
),

waiting as (
    select * from {{ ref('fct_waiting_callers') }}
),

-- Who deals with payments comes first, then who spoke with us last, then who can be reached.
contacts as (
    select
        contacts.account_id,
        contacts.contact_id,
        contacts.full_name,
        coalesce(contacts.job_title, contacts.contact_role) as job_title,
        coalesce(contacts.phone, contacts.mobile) as phone,
        contacts.email
    from {{ ref('dim_contacts') }} as contacts
    left join talked_to on contacts.contact_id = talked_to.contact_id
    left join (
        select distinct persons.contact_id
        from {{ ref('dim_contacts') }} as persons
        inner join {{ ref('payment_contacts') }} as words
            on lower(concat_ws(' ', persons.contact_role, persons.job_title)) like '%' || lower(trim(words.word)) || '%'
    ) as payers on contacts.contact_id = payers.contact_id
    where contacts.account_id in (select account_id from owing)
    qualify row_number() over (
        partition by contacts.account_id
        order by
            case when payers.contact_id is not null then 0 else 1 end,
            case when coalesce(contacts.phone, contacts.mobile, contacts.email) is not null then 0 else 1 end,
            talked_to.last_on desc nulls last,
            contacts.contact_id
    ) = 1
),

shares as (
    select
        owing.*,
        accounts.is_named,
        balances.overdue_amount,
        -- What no rate weighs has no place among the others.
        case
            when owing.collectible_amount is null then 0
            else cume_dist() over (
                partition by accounts.is_named, owing.collectible_amount is null order by owing.collectible_amount
            )
        end as money_place,
        case
            when owing.collectible_amount is not null
                then rank() over (partition by accounts.is_named order by owing.collectible_amount desc nulls last)
        end as money_rank,
        count(owing.collectible_amount) over (partition by accounts.is_named) as debtors,
        states.last_contact_on,
        states.days_silent,
        states.usual_channel,
        dunned.dunning_level,
        dunned.last_dunned_on,
        last_promises.state as last_promise_state,
        coalesce(last_promises.is_kept_late, false) as is_promise_kept_late,
        last_promises.promised_for as last_promised_for,
        coalesce(states.last_contact_on > last_promises.kept_by, false) as is_promise_talked_over,
        open_promises.promised_for as next_promised_for,
        coalesce(
            open_promises.amount >= settings.promise_covers_share * owing.collectible_amount, false
        ) as is_promise_awaited,
        habits.usual_delay_days,
        coalesce(waiting.waiting_missed_calls, 0) as waiting_missed_calls,
        waiting.missed_call_on,
        case when owing.collectible_items = 0 or not accounts.is_named then 0 else 1 end as can_be_asked
    from owing
    inner join accounts on owing.account_id = accounts.account_id
    cross join settings
    cross join run
    left join {{ ref('fct_account_balances') }} as balances
        on owing.account_id = balances.account_id and run.as_of_date = balances.as_of_date
    left join states on owing.account_id = states.account_id
    left join dunned on owing.account_id = dunned.account_id
    left join last_promises on owing.account_id = last_promises.account_id
    left join open_promises on owing.account_id = open_promises.account_id
    left join habits on owing.account_id = habits.account_id and accounts.is_named
    left join waiting on owing.account_id = waiting.account_id
),

pointed as (
    select
        shares.*,
        {{ points('settings.weight_money * shares.can_be_asked * shares.money_place') }} as money_points,
        {{ points('settings.weight_age
            * ' ~ least_known(
                '1', 'coalesce(shares.oldest_collectible_days, 0) / settings.age_full_days'
            )) }} as age_points,
        {{ points('settings.weight_silence * shares.can_be_asked
            * ' ~ least_known(
                '1', 'coalesce(shares.days_silent, settings.silence_full_days) / settings.silence_full_days'
            )) }}
            as silence_points,
        {{ points("settings.weight_promise * shares.can_be_asked * case
            when shares.is_promise_awaited then -1
            when shares.is_promise_kept_late then 0.5
            when shares.last_promise_state = 'broken' then 1
            when shares.last_promise_state = 'partly' then 0.5
            else 0
        end") }} as promise_points,
        {{ points('settings.weight_habit * ' ~ least_known(
            '1',
            greatest_known(
                '0',
                'coalesce( shares.oldest_collectible_days - ' ~ greatest_or_unknown(
                    'shares.usual_delay_days', '0'
                ) ~ ', 0 )'
            ) ~ ' / settings.habit_full_days'
        ) ~ ' * case when shares.usual_delay_days is null then 0 else 1 end') }}
            as habit_points
    from shares
    cross join settings
),

advised as (
    select
        pointed.*,
        {{ points('pointed.money_points + pointed.age_points + pointed.silence_points + pointed.promise_points
            + pointed.habit_points') }} as worklist_score,
        case
            when not pointed.is_named then 'find_customer'
            when pointed.can_be_asked = 0 then 'settle_dispute'
            when pointed.waiting_missed_calls > 0 then 'call_back'
            when pointed.is_promise_awaited then 'await_promise'
            when pointed.last_promise_state in ('broken', 'partly')
                and not pointed.is_promise_kept_late and not pointed.is_promise_talked_over
                then 'call_about_promise'
            when pointed.dunning_level is null then 'send_first_reminder'
            when {{ days_from('pointed.last_dunned_on', 'run.as_of_date') }} < settings.reminder_rest_days
                then 'await_reminder'
            when pointed.dunning_level < settings.last_reminder
                then 'send_reminder'
            when coalesce(pointed.days_silent, settings.silence_full_days) >= settings.silence_full_days
                then 'call_after_reminders'
            else 'escalate'
        end as suggested_action
    from pointed
    cross join run
    cross join settings
)

select
    row_number() over (
        order by
            advised.can_be_asked desc,
            case when advised.waiting_missed_calls > 0 then 0 else 1 end,
            advised.worklist_score desc,
            advised.overdue_amount desc nulls last,
            advised.account_id
    ) as rank,
    advised.account_id,
    accounts.account_name,
    accounts.owner_id,
    employees.full_name as owner_name,
    employees.team,
    run.base_currency,
    advised.currency,
    advised.suggested_action,
    -- The codes of the components that carry points; what they speak of are columns of the row.
    concat_ws(
        ',',
        case when advised.waiting_missed_calls > 0 then 'called_in_vain' end,
        case when advised.can_be_asked = 1 and advised.money_rank is not null then 'owes' end,
        case when advised.oldest_collectible_days > 0 then 'late' end,
        case
            when advised.habit_points > 0 and advised.usual_delay_days >= 1 then 'pays_late'
            when advised.habit_points > 0 then 'pays_on_time'
        end,
        case
            when not advised.is_named then null
            when advised.days_silent is null then 'no_contact'
            when advised.days_silent = 0 then 'contact_today'
            else 'last_contact'
        end,
        case
            when advised.promise_points < 0 then 'promise_awaited'
            when advised.promise_points > 0 and advised.is_promise_kept_late then 'promise_kept_late'
            when advised.promise_points > 0 and advised.last_promise_state = 'broken' then 'promise_broken'
            when advised.promise_points > 0 then 'promise_kept_in_part'
        end,
        case when advised.disputed_amount > 0 then 'disputed' end,
        case when advised.missing_rate_count > 0 then 'rate_missing' end
    ) as reason,
    advised.last_promise_state,
    advised.usual_channel,
    contacts.contact_id,
    contacts.full_name as contact_name,
    contacts.job_title as contact_title,
    coalesce(contacts.phone, accounts.phone) as contact_phone,
    coalesce(contacts.email, accounts.email) as contact_email,
    advised.worklist_score,
    advised.money_points,
    advised.age_points,
    advised.silence_points,
    advised.promise_points,
    advised.habit_points,
    {{ money('advised.overdue_amount') }} as overdue_amount,
    {{ money('advised.collectible_amount') }} as collectible_amount,
    {{ money('advised.disputed_amount') }} as disputed_amount,
    cast(advised.missing_rate_count as bigint) as missing_rate_count,
    cast(advised.overdue_invoices as bigint) as overdue_invoices,
    cast(advised.oldest_days_overdue as bigint) as oldest_days_overdue,
    advised.usual_delay_days,
    cast(advised.days_silent as bigint) as days_since_contact,
    cast(advised.oldest_collectible_days as bigint) as oldest_collectible_days,
    cast(advised.money_rank as bigint) as money_rank,
    cast(advised.debtors as bigint) as debtors,
    cast(advised.dunning_level as bigint) as dunning_level,
    cast(coalesce(advised.dunning_level, 0) + 1 as bigint) as next_dunning_level,
    cast(advised.waiting_missed_calls as bigint) as waiting_missed_calls,
    advised.collectible_items = 0 as is_disputed,
    advised.missed_call_on,
    advised.last_contact_on,
    advised.last_promised_for,
    advised.next_promised_for,
    advised.last_dunned_on,
    run.as_of_date
from advised
cross join run
left join accounts on advised.account_id = accounts.account_id
left join employees on accounts.owner_id = employees.employee_id
left join contacts on advised.account_id = contacts.account_id
