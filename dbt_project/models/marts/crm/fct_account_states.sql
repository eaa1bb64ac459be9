-- Grain: one row per account: its signs of life up to the as-of date and the state that follows from them (V9, P14,
-- P15). The gap between invoices counts from three days of invoicing on: one gap alone is no habit. What nobody is named in is no
-- sign of anybody's life.
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, is_named from {{ ref('dim_accounts') }}
),

invoice_days as (
    select distinct invoices.account_id, invoices.issued_on
    from {{ ref('fct_invoices') }} as invoices
    where invoices.document_kind in ('invoice', 'debit_note', 'prepayment')
        and not invoices.is_void and not invoices.is_draft
        and invoices.issued_on is not null
),

gaps as (
    select
        account_id,
        issued_on,
        {{ days_from('lag(issued_on) over (partition by account_id order by issued_on)', 'issued_on') }} as gap_days
    from invoice_days
),

invoicing as (
    select
        account_id,
        min(issued_on) as first_invoice_on,
        max(issued_on) as last_invoice_on,
        case when count(*) >= 3 then median(gap_days) end as invoice_gap_days
    from gaps
    group by account_id
),

winning as (
    select account_id, min(closed_on) as first_won_on, max(closed_on) as last_won_on
    from {{ ref('fct_deals') }}
    where status = 'won' and account_id is not null
    group by account_id
),

contacts as (
    select * from {{ ref('fct_two_way_contacts') }}
),

contacted as (
    select account_id, max(occurred_on) as last_contact_on
    from contacts
    group by account_id
),

-- A24: the channel with most two-way contacts in the window; of equals the one used last.
channels as (
    select
        contacts.account_id,
        contacts.channel
    from contacts
    cross join run
    where contacts.occurred_on > {{ plus_days('run.as_of_date', '-' ~ parameter('usual_channel_days')) }}
    group by contacts.account_id, contacts.channel
    qualify row_number() over (
        partition by contacts.account_id order by count(*) desc, max(contacts.occurred_at) desc, contacts.channel
    ) = 1
),

signs as (
    select
        accounts.account_id,
        accounts.is_named,
        invoicing.first_invoice_on,
        invoicing.last_invoice_on,
        winning.first_won_on,
        winning.last_won_on,
        contacted.last_contact_on,
        channels.channel as usual_channel,
        invoicing.invoice_gap_days,
        {{ greatest_known(
            'invoicing.last_invoice_on', 'winning.last_won_on', 'contacted.last_contact_on'
        ) }} as last_sign_on,
        run.as_of_date
    from accounts
    cross join run
    left join invoicing on accounts.account_id = invoicing.account_id and accounts.is_named
    left join winning on accounts.account_id = winning.account_id
    left join contacted on accounts.account_id = contacted.account_id
    left join channels on accounts.account_id = channels.account_id
)

select
    account_id,
    {{ account_status(days_from('last_sign_on', 'as_of_date'), 'invoice_gap_days') }} as status,
    usual_channel,
    invoice_gap_days,
    {{ days_from('last_sign_on', 'as_of_date') }} as days_quiet,
    {{ days_from('last_contact_on', 'as_of_date') }} as days_silent,
    is_named,
    first_invoice_on,
    last_invoice_on,
    first_won_on,
    last_won_on,
    last_contact_on,
    last_sign_on
from signs
