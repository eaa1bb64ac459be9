-- Grain: one row per account, month and currency of its act of reconciliation; one without a currency where a month has no
-- act. Every month in which the account was active is there, so that coverage can be counted (R32).
with run as (
    select * from {{ ref('int_run_dated') }}
),

account_months as (
    select account_id, owner_id, month, status = 'active' as is_active from {{ ref('fct_account_months') }}
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

balances as (
    select * from {{ ref('fct_receivable_balances') }}
),

-- An act is of the month whose end it states; one that states no end is of the month in which it was sent.
acts as (
    select
        documents.document_id,
        documents.account_id,
        {{ month_of('coalesce(documents.ends_on, documents.sent_on, documents.signed_on)') }} as month,
        documents.currency,
        documents.amount as client_closing,
        documents.document_number,
        documents.sent_on,
        documents.signed_on,
        coalesce(documents.ends_on, documents.sent_on) as closing_on,
        documents._file,
        documents._row
    from {{ ref('fct_documents') }} as documents
    cross join run
    where documents.document_type = 'reconciliation_act'
        and documents.account_id is not null
        and coalesce(documents.ends_on, documents.sent_on, documents.signed_on) <= run.as_of_date
),

-- An act without a currency is in the only one in which the account has ever had a balance.
only_currencies as (
    select account_id, min(currency) as currency
    from balances
    group by account_id
    having count(distinct currency) = 1
),

-- Of several acts about one closing, a signed one counts, the newest of them.
chosen as (
    select
        acts.document_id,
        acts.account_id,
        acts.month,
        coalesce(acts.currency, only_currencies.currency) as currency,
        acts.client_closing,
        acts.document_number,
        acts.sent_on,
        acts.signed_on,
        acts.closing_on,
        acts._file,
        acts._row
    from acts
    left join only_currencies on acts.account_id = only_currencies.account_id
    qualify row_number() over (
        partition by acts.account_id, acts.month, coalesce(acts.currency, only_currencies.currency)
        order by acts.signed_on desc nulls last, acts.sent_on desc nulls last, acts.document_id
    ) = 1
),

snapshots as (
    select distinct as_of_date from balances
),

-- What we say stood open less credit and unapplied money (R3), at the end of the day that the act states. That is a
-- month's end as a rule, whose balances are kept; for other days the events are summed up.
other_days as (
    select chosen.document_id, chosen.account_id, chosen.currency, chosen.closing_on
    from chosen
    left join snapshots on chosen.closing_on = snapshots.as_of_date
    where snapshots.as_of_date is null
),

moved as (
    select other_days.document_id, sum(events.amount) as amount
    from other_days
    inner join {{ ref('fct_receivable_events') }} as events
        on other_days.account_id = events.account_id
        and other_days.currency = events.currency
        and other_days.closing_on >= events.event_date
    group by other_days.document_id
    union all
    select other_days.document_id, -sum(credits.amount)
    from other_days
    inner join {{ ref('fct_unapplied_credits') }} as credits
        on other_days.account_id = credits.account_id
        and other_days.currency = credits.currency
        and other_days.closing_on >= credits.event_date
    group by other_days.document_id
),

closings as (
    select document_id, sum(amount) as amount from moved group by document_id
),

reconciled as (
    select
        chosen.*,
        case
            when chosen.currency is null then null
            when other_days.document_id is not null then coalesce(closings.amount, 0)
            else coalesce(balances.net_amount, 0)
        end as our_closing
    from chosen
    left join other_days on chosen.document_id = other_days.document_id
    left join closings on chosen.document_id = closings.document_id
    left join balances
        on chosen.account_id = balances.account_id
        and chosen.currency = balances.currency
        and chosen.closing_on = balances.as_of_date
),

-- Where no export ever told of an act, nobody knows who signed one.
act_feeds as (
    select count(*) > 0 as has_acts from acts
),

-- R32 counts an account as covered in the month in which it signed.
signed as (
    select distinct account_id, {{ month_of('signed_on') }} as month
    from acts
    where signed_on is not null
),

keys as (
    select account_id, month from account_months where is_active
    union
    select account_id, month from reconciled
)

select
    keys.account_id,
    accounts.account_name,
    account_months.owner_id,
    reconciled.currency,
    reconciled.document_number,
    case
        when reconciled.document_id is null then 'no_act'
        when reconciled.signed_on is null then 'sent'
        when reconciled.client_closing is null or reconciled.our_closing is null then 'signed'
        when reconciled.our_closing = reconciled.client_closing then 'agreed'
        else 'gap'
    end as state,
    {{ money('reconciled.our_closing') }} as our_closing,
    {{ money('reconciled.client_closing') }} as client_closing,
    {{ money('reconciled.our_closing - reconciled.client_closing') }} as gap,
    coalesce(account_months.is_active, false) as is_active,
    case when act_feeds.has_acts then signed.account_id is not null end as is_covered,
    {{ month_end_of('keys.month') }} <= run.as_of_date as is_month_over,
    keys.month,
    reconciled.closing_on,
    reconciled.sent_on as act_sent_on,
    reconciled.signed_on as act_signed_on,
    run.as_of_date,
    reconciled._file,
    reconciled._row
from keys
cross join run
cross join act_feeds
left join accounts on keys.account_id = accounts.account_id
left join account_months on keys.account_id = account_months.account_id and keys.month = account_months.month
left join reconciled on keys.account_id = reconciled.account_id and keys.month = reconciled.month
left join signed on keys.account_id = signed.account_id and keys.month = signed.month
