-- Grain: one row per account, as of the run's as-of date: all that a client may ask for at once (B2, B6, B7, F7, F11, F16).
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

classes as (
    select * from {{ ref('dim_account_classes') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

states as (
    select * from {{ ref('fct_account_states') }}
),

documents as (
    select * from {{ ref('fct_account_documents') }}
),

engagements as (
    select * from {{ ref('fct_account_engagements') }}
),

cards as (
    select * from {{ ref('fct_account_cards') }}
),

limits as (
    select * from {{ ref('fct_credit_exposures') }} where credit_limit is not null
),

healths as (
    select health.account_id, health.score, health.band
    from {{ ref('fct_account_health') }} as health
    qualify row_number() over (partition by health.account_id order by health.week_start desc) = 1
),

rates as (
    select rates.currency, rates.rate
    from {{ ref('int_fx_rates_dated') }} as rates
    inner join run on rates.rate_date = run.as_of_date
),

balances as (
    select balances.*
    from {{ ref('fct_account_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
),

revenue as (
    {{ revenue_of_12_months('run') }}
),

-- V20 over the months that end within the 12 months up to the as-of date.
discounts as (
    select months.account_id, sum(months.listed_net) as listed_net, sum(months.list_amount) as list_amount
    from {{ ref('fct_account_months') }} as months
    inner join run on months.month_end > {{ plus_months('run.as_of_date', '-12') }}
    group by months.account_id
),

-- The payments of the last day on which any came: in base currency, and as paid where they are all in one currency. All of it
-- is unknown where the last are known by a balance alone, which says by when they came and not since when.
payments as (
    select
        payments.account_id,
        max(payments.received_on) filter (where payments.is_dated) as received_on,
        sum(payments.amount_base) filter (where payments.is_dated) as amount_base,
        case
            when min(payments.currency) = max(payments.currency)
                then sum(payments.amount) filter (where payments.is_dated)
        end as amount,
        case
            when min(payments.currency) = max(payments.currency)
                then min(payments.currency) filter (where payments.is_dated)
        end as currency,
        count(*) filter (where payments.is_dated and payments.amount_base is null) as missing_rate_count
    from {{ ref('fct_payments') }} as payments
    cross join run
    where payments.amount > 0 and payments.received_on <= run.as_of_date
    group by payments.account_id, payments.received_on
    qualify row_number() over (partition by payments.account_id order by payments.received_on desc) = 1
),

items as (
    {{ open_items_at(ref('fct_receivable_intervals'), 'run', ['account_id', 'currency', 'due_on', 'open_amount']) }}
),

open_items as (
    select items.*, {{ money('items.open_amount * rates.rate') }} as open_amount_base
    from items
    left join rates on items.currency = rates.currency
    where items.open_amount > 0 and items.account_id is not null
),

due as (
    select
        account_id,
        due_on,
        sum(open_amount_base) as amount_base,
        case when min(currency) = max(currency) then sum(open_amount) end as amount,
        case when min(currency) = max(currency) then min(currency) end as currency
    from open_items
    where days_overdue <= 0
    group by account_id, due_on
    qualify row_number() over (partition by account_id order by due_on) = 1
),

overdue as (
    select account_id, min(due_on) as oldest_due_on, count(*) as overdue_items
    from open_items
    where days_overdue > 0
    group by account_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by account_id
            order by case when is_decision_maker then 0 else 1 end, last_two_way_at desc nulls last, contact_id
        ) as place,
        row_number() over (partition by account_id order by next_birthday_on nulls last, contact_id) as birthday_place
    from {{ ref('dim_account_people') }}
),

people as (
    select
        account_id,
        count(*) as contacts,
        count(*) filter (where is_decision_maker) as decision_makers,
        count(*) filter (where is_decision_maker is null) as contacts_without_role,
        concat_ws(
            ', ',
            max(case when place = 1 and is_decision_maker then full_name end),
            max(case when place = 2 and is_decision_maker then full_name end),
            max(case when place = 3 and is_decision_maker then full_name end)
        ) as decision_maker_names,
        max(last_two_way_on) filter (where is_decision_maker) as last_decision_maker_contact_on,
        max(case when birthday_place = 1 then next_birthday_on end) as next_birthday_on,
        max(case when birthday_place = 1 and next_birthday_on is not null then full_name end) as next_birthday_name
    from ranked
    group by account_id
),

away as (
    select absences.employee_id, absences.substitute_id, absences.ends_on
    from {{ ref('fct_absence_days') }} as absences
    inner join run on absences.day = run.as_of_date
),

-- F11: what the client wants, as the answer to the start-up question says that was given last.
goals as (
    select answers.account_id, trim(answers.answer) as client_goal
    from {{ ref('stg_lists__account_startup_answers') }} as answers
    cross join run
    where answers.question = 'goal' and nullif(trim(answers.answer), '') is not null
        and coalesce(answers.answered_on <= run.as_of_date, true)
    qualify row_number() over (
        partition by answers.account_id order by answers.answered_on desc nulls last, answers.answer
    ) = 1
)

select
    accounts.account_id,
    accounts.parent_account_id,
    accounts.group_id,
    accounts.owner_id,
    away.substitute_id,
    accounts.system,
    accounts.account_name,
    employees.full_name as owner_name,
    substitutes.full_name as substitute_name,
    employees.team,
    accounts.segment,
    accounts.industry,
    accounts.country,
    accounts.region,
    accounts.city,
    accounts.website,
    accounts.phone,
    accounts.email,
    accounts.currency,
    accounts.price_list,
    goals.client_goal,
    states.status,
    accounts.crm_status,
    classes.tier,
    healths.band as health_band,
    states.usual_channel,
    engagements.last_contact_channel,
    talkers.full_name as last_contact_by,
    persons.full_name as last_contact_person,
    engagements.next_contact_type,
    engagements.next_contact_subject,
    engagements.next_task_subject,
    engagements.oldest_case_reason,
    documents.contract_number,
    documents.contract_state,
    documents.last_act_number,
    documents.last_signed_act_number,
    documents.last_invoice_number,
    documents.last_invoice_currency,
    payments.currency as last_payment_currency,
    due.currency as next_due_currency,
    limits.currency as credit_currency,
    nullif(people.decision_maker_names, '') as decision_maker_names,
    people.next_birthday_name,
    cards.missing_fields,
    run.base_currency,
    {{ money(known_amount('revenue.revenue_12m', 'revenue.missing_rate_count')) }} as revenue_12m,
    {%- for amount in ['open_amount', 'overdue_amount', 'unapplied_amount', 'disputed_amount'] %}
    {{ money('case when balances.account_id is null then 0 else balances.' ~ amount ~ ' end') }} as {{ amount }},
    {%- endfor %}
    {{ money('payments.amount_base') }} as last_payment_amount,
    {{ money('payments.amount') }} as last_payment_document_amount,
    {{ money('due.amount_base') }} as next_due_amount,
    {{ money('due.amount') }} as next_due_document_amount,
    {{ money('documents.last_invoice_amount') }} as last_invoice_amount,
    {{ money('case when coalesce(engagements.open_deals, 0) = 0 then 0 else engagements.open_deals_amount end') }}
        as open_deals_amount,
    {{ money('accounts.credit_limit') }} as credit_limit,
    {{ money('limits.credit_used') }} as credit_used,
    limits.credit_used_ratio,
    cast(accounts.payment_terms_days as bigint) as payment_terms_days,
    1 - {{ ratio('discounts.listed_net', 'discounts.list_amount') }} as effective_discount_12m,
    cast(
        coalesce(balances.missing_rate_count, 0) + coalesce(revenue.missing_rate_count, 0)
        + coalesce(payments.missing_rate_count, 0) + coalesce(engagements.missing_rate_count, 0)
        + coalesce(limits.missing_rate_count, 0) as bigint
    ) as missing_rate_count,
    cast({{ days_from('overdue.oldest_due_on', 'run.as_of_date') }} as bigint) as oldest_days_overdue,
    cast(coalesce(overdue.overdue_items, 0) as bigint) as overdue_items,
    cast(coalesce(documents.unsigned_acts, 0) as bigint) as unsigned_acts,
    cast(coalesce(engagements.open_deals, 0) as bigint) as open_deals,
    cast(coalesce(engagements.open_cases, 0) as bigint) as open_cases,
    cast({{ days_from('engagements.oldest_case_on', 'run.as_of_date') }} as bigint) as oldest_case_days,
    cast(coalesce(engagements.open_tasks, 0) as bigint) as open_tasks,
    cast(coalesce(engagements.overdue_tasks, 0) as bigint) as overdue_tasks,
    cast(coalesce(people.contacts, 0) as bigint) as contacts,
    cast(coalesce(people.decision_makers, 0) as bigint) as decision_makers,
    cast(coalesce(people.contacts_without_role, 0) as bigint) as contacts_without_role,
    cast(coalesce(callers.waiting_missed_calls, 0) as bigint) as waiting_missed_calls,
    cast(healths.score as double) as health_score,
    {{ ratio('cards.required_fields_filled', 'cards.required_fields') }} as card_completeness,
    cast(cards.card_lag_days as double) as card_lag_days,
    cards.card_on_time_ratio,
    cast(cards.card_entries as bigint) as card_entries,
    cast(cards.timed_entries as bigint) as timed_entries,
    cast(states.days_silent as bigint) as days_since_contact,
    classes.is_key_account,
    -- A15: a key account nobody who decides was reached at for as long as the parameter says.
    case
        when classes.is_key_account then coalesce(
            {{ days_from('people.last_decision_maker_contact_on', 'run.as_of_date') }} > {{ parameter('decision_maker_silent_days') }}, true
        )
    end as is_decision_maker_silent,
    coalesce(engagements.next_contact_on = run.as_of_date, false) or coalesce(engagements.next_task_on = run.as_of_date, false)
        as is_due_today,
    away.employee_id is not null as is_owner_away,
    accounts.has_crm_record,
    accounts.has_billing_record,
    accounts.is_named,
    coalesce(
        accounts.created_on > {{ plus_days('run.as_of_date', '-' ~ parameter('new_card_days')) }},
        false
    ) as is_new_card,
    states.first_invoice_on is not null and accounts.payment_terms_days is null as is_billed_without_terms,
    accounts.created_on,
    accounts.owner_since,
    states.first_invoice_on,
    states.last_invoice_on,
    payments.received_on as last_payment_on,
    due.due_on as next_due_on,
    documents.contract_signed_on,
    documents.contract_ends_on,
    documents.last_act_sent_on,
    documents.last_act_signed_on,
    documents.oldest_unsigned_act_on,
    states.last_contact_on,
    engagements.next_contact_on,
    engagements.next_task_on,
    engagements.next_close_on,
    people.last_decision_maker_contact_on,
    engagements.last_review_on,
    people.next_birthday_on,
    away.ends_on as owner_away_until,
    callers.missed_call_on,
    run.as_of_date,
    engagements.last_contact_at,
    accounts._source,
    accounts._file,
    accounts._file_sha256,
    accounts._row
from accounts
cross join run
inner join cards on accounts.account_id = cards.account_id
left join classes on accounts.account_id = classes.account_id
left join employees on accounts.owner_id = employees.employee_id
left join away on accounts.owner_id = away.employee_id
left join employees as substitutes on away.substitute_id = substitutes.employee_id
left join states on accounts.account_id = states.account_id
left join documents on accounts.account_id = documents.account_id
left join engagements on accounts.account_id = engagements.account_id
left join employees as talkers on engagements.last_contact_by_id = talkers.employee_id
left join {{ ref('dim_contacts') }} as persons on engagements.last_contact_person_id = persons.contact_id
left join limits on accounts.account_id = limits.account_id
left join healths on accounts.account_id = healths.account_id
left join balances on accounts.account_id = balances.account_id
left join revenue on accounts.account_id = revenue.account_id
left join discounts on accounts.account_id = discounts.account_id
left join payments on accounts.account_id = payments.account_id
left join due on accounts.account_id = due.account_id
left join overdue on accounts.account_id = overdue.account_id
left join people on accounts.account_id = people.account_id
left join goals on accounts.account_id = goals.account_id
left join {{ ref('fct_waiting_callers') }} as callers on accounts.account_id = callers.account_id
