-- Grain: one row an event with an account, up to the as-of date (F16): documents of the ledger, cash, deals that were
-- won or lost, conversations, done CRM activities, CRM documents and cases. An event that carries a date alone stands
-- at the start of its day in the business time zone.
with run as (
    select * from {{ ref('dim_runs') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }} where not is_draft
),

payments as (
    select * from {{ ref('fct_payments') }}
),

deals as (
    select * from {{ ref('fct_deals') }} where status in ('won', 'lost')
),

contacts as (
    select * from {{ ref('fct_two_way_contacts') }}
),

activities as (
    select * from {{ ref('fct_activities') }} where is_completed
),

calls as (
    select * from {{ ref('fct_calls') }}
),

documents as (
    select * from {{ ref('fct_documents') }}
),

cases as (
    select * from {{ ref('fct_cases') }}
),

-- A call that the CRM logged and the call tracker has too shows once, as the tracker's conversation.
logged_once as (
    select activities.*
    from activities
    left join contacts on activities.activity_id = contacts.contact_event_id
    where activities.activity_type <> 'call' or not coalesce(activities.is_two_way, false)
        or activities.account_id is null or contacts.contact_event_id is not null
),

events as (
    select
        document_kind || ':' || invoice_id as event_id,
        account_id,
        cast(null as varchar) as employee_id,
        document_kind as event_type,
        case document_kind
            when 'opening' then 'Opening balance'
            when 'credit_note' then 'Credit note ' || invoice_number
            when 'debit_note' then 'Debit note ' || invoice_number
            when 'prepayment' then 'Prepayment ' || invoice_number
            else 'Invoice ' || invoice_number
        end || case when is_void then ' (void)' else '' end as title,
        currency,
        cast(gross_amount as decimal(18, 4)) as amount,
        cast(null as boolean) as is_two_way,
        cast(null as timestamp with time zone) as occurred_at,
        issued_on as occurred_on,
        _source,
        _file,
        _file_sha256,
        _row
    from invoices

    union all

    select
        'payment:' || payment_id,
        account_id,
        null,
        case when payment_kind in ('refund', 'chargeback') then payment_kind else 'payment' end,
        case payment_kind
            when 'refund' then 'Refund'
            when 'chargeback' then 'Chargeback'
            when 'settled_date' then 'Payment, inferred from the day the invoice was settled'
            when 'balance_only' then 'Payment, inferred from a balance'
            else 'Payment'
        end || coalesce(' ' || reference, ''),
        currency,
        cast(amount as decimal(18, 4)),
        null,
        null,
        received_on,
        _source,
        _file,
        _file_sha256,
        _row
    from payments

    union all

    select
        'deal_' || status || ':' || deal_id,
        account_id,
        owner_id,
        'deal_' || status,
        case status when 'won' then 'Deal won: ' else 'Deal lost: ' end || coalesce(name, deal_id),
        currency,
        cast(amount as decimal(18, 4)),
        null,
        closed_at,
        closed_on,
        _source,
        _file,
        _file_sha256,
        _row
    from deals

    union all

    select
        'activity:' || activity_id,
        account_id,
        owner_id,
        activity_type,
        coalesce(subject, activity_type),
        null,
        null,
        is_two_way,
        occurred_at,
        occurred_on,
        _source,
        _file,
        _file_sha256,
        _row
    from logged_once

    union all

    select
        'call:' || conversation_id,
        account_id,
        employee_id,
        'call',
        coalesce(direction, 'call') || ' call, ' || coalesce(status, 'status unknown'),
        null,
        null,
        status = 'answered',
        started_at,
        started_on,
        _source,
        _file,
        _file_sha256,
        _row
    from calls

    union all

    select
        'document_sent:' || document_id,
        account_id,
        null,
        document_type || '_sent',
        replace(document_type, '_', ' ') || coalesce(' ' || document_number, '') || ' sent',
        currency,
        cast(amount as decimal(18, 4)),
        null,
        sent_at,
        sent_on,
        _source,
        _file,
        _file_sha256,
        _row
    from documents
    where sent_on is not null

    union all

    select
        'document_signed:' || document_id,
        account_id,
        null,
        document_type || '_signed',
        replace(document_type, '_', ' ') || coalesce(' ' || document_number, '') || ' signed',
        currency,
        cast(amount as decimal(18, 4)),
        null,
        signed_at,
        signed_on,
        _source,
        _file,
        _file_sha256,
        _row
    from documents
    where signed_on is not null

    union all

    select
        'case_opened:' || case_id,
        account_id,
        owner_id,
        'case_opened',
        'Case opened' || coalesce(': ' || reason, ''),
        null,
        null,
        null,
        opened_at,
        opened_on,
        _source,
        _file,
        _file_sha256,
        _row
    from cases
    where opened_on is not null

    union all

    select
        'case_closed:' || case_id,
        account_id,
        owner_id,
        'case_closed',
        'Case closed' || coalesce(': ' || reason, ''),
        null,
        null,
        null,
        closed_at,
        closed_on,
        _source,
        _file,
        _file_sha256,
        _row
    from cases
    where closed_on is not null
)

select
    events.event_id,
    events.account_id,
    events.employee_id,
    events.event_type,
    events.title,
    events.currency,
    events.amount,
    events.is_two_way,
    coalesce(events.occurred_at, {{ start_of_day('events.occurred_on', 'run.business_timezone') }}) as occurred_at,
    events.occurred_on,
    events._source,
    events._file,
    events._file_sha256,
    events._row
from events
cross join run
where events.account_id is not null and events.occurred_on <= run.as_of_date
