-- Grain: one row an event with an account, up to the as-of date (F16): documents of the ledger and what became of them,
-- cash and what it was applied to, reminders and promises, deals and their stages, conversations, done CRM activities, CRM
-- documents and cases. An event that carries a date alone stands at the start of its day in the business time zone.
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
    select * from {{ ref('fct_deals') }}
),

-- The first stage is the deal's beginning, and the stage of a closed deal is its end: both have rows of their own.
stages as (
    select stages.*, coalesce(deals.name, deals.deal_id) as deal_name
    from {{ ref('fct_deal_stages') }} as stages
    inner join deals on stages.deal_id = deals.deal_id
    where stages.stage_number > 1 and not stages.is_closing
),

-- What changes an invoice but is no document and no movement of cash, which have rows of their own.
applied as (
    select events.*, invoices.invoice_number
    from {{ ref('fct_receivable_events') }} as events
    left join invoices on events.invoice_id = invoices.invoice_id
    where events.event_type in ('payment', 'credit_note', 'write_off', 'reversal')
        and events.allocation not in ('settled_date', 'balance_only')
),

reminders as (
    select reminders.*, invoices.invoice_number
    from {{ ref('fct_dunning_events') }} as reminders
    left join invoices on reminders.invoice_id = invoices.invoice_id
),

promises as (
    select * from {{ ref('fct_promises') }}
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

orders as (
    select * from {{ ref('fct_orders') }}
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
    {{ timeline_event('invoices', "document_kind || ':' || invoice_id", 'invoices', 'document_kind',
        "case document_kind
            when 'opening' then 'Opening balance'
            when 'credit_note' then 'Credit note ' || invoice_number
            when 'debit_note' then 'Debit note ' || invoice_number
            when 'prepayment' then 'Prepayment ' || invoice_number
            else 'Invoice ' || invoice_number
        end || case when is_void then ' (void)' else '' end",
        'issued_on', currency='currency', amount='gross_amount') }}
    union all
    {{ timeline_event('invoices', "'invoice_void:' || invoice_id", 'invoices', "'invoice_void'",
        "'Invoice ' || invoice_number || ' made void'", 'voided_on', currency='currency', amount='gross_amount',
        where='is_void and voided_on > issued_on') }}
    union all
    {{ timeline_event('invoices', "'dispute_opened:' || invoice_id", 'claims', "'dispute_opened'",
        "'Invoice ' || invoice_number || ' disputed'", 'disputed_on', currency='currency', amount='gross_amount',
        where='disputed_on is not null') }}
    union all
    {{ timeline_event('invoices', "'dispute_resolved:' || invoice_id", 'claims', "'dispute_resolved'",
        "'Dispute of invoice ' || invoice_number || ' settled'", 'dispute_resolved_on', currency='currency',
        amount='gross_amount', where='dispute_resolved_on is not null') }}
    union all
    {{ timeline_event('payments', "'payment:' || payment_id", 'cash',
        "case when payment_kind in ('refund', 'chargeback') then payment_kind else 'payment' end",
        "case payment_kind
            when 'refund' then 'Refund'
            when 'chargeback' then 'Chargeback'
            when 'settled_date' then 'Payment, inferred from the day the invoice was settled'
            when 'balance_only' then 'Payment, inferred from a balance'
            else 'Payment'
        end || coalesce(' ' || reference, '')",
        'received_on', currency='currency', amount='amount') }}
    union all
    {{ timeline_event('applied', "'applied:' || event_id", 'cash',
        "case event_type when 'payment' then 'cash_applied' when 'credit_note' then 'credit_applied' else event_type end",
        "case event_type
            when 'payment' then 'Payment set against invoice '
            when 'credit_note' then 'Credit note set against invoice '
            when 'write_off' then 'Written off of invoice '
            else 'Taken back from invoice '
        end || coalesce(invoice_number, invoice_id)",
        'event_date', currency='currency', amount='abs(amount)') }}
    union all
    {{ timeline_event('reminders', "'reminder:' || dunning_id", 'reminders', "'reminder_sent'",
        "'Reminder' || coalesce(' of level ' || cast(level as varchar(9)), '') || coalesce(' by ' || channel, '')
        || coalesce(', invoice ' || invoice_number, '')",
        'sent_on', at='sent_at', where='sent_on is not null') }}
    union all
    {{ timeline_event('promises', "'promise_made:' || promise_id", 'reminders', "'promise_made'",
        "'Promised to pay' || coalesce(' by ' || cast(promised_for as varchar(10)), '')",
        'made_on', currency='currency', amount='amount', where='made_on is not null') }}
    union all
    -- A promise is broken once its day and the days of grace are over.
    {{ timeline_event('promises', "'promise_ended:' || promise_id", 'reminders', "'promise_' || state",
        "case state
            when 'kept' then 'Promise kept'
            when 'partly' then 'Promise kept in part'
            when 'broken' then 'Promise broken'
            else 'Promise ' || coalesce(closed_by, 'cancelled')
        end",
        "case state when 'kept' then kept_on when 'cancelled' then closed_on else "
        ~ plus_days('kept_by', '1') ~ " end",
        currency='currency', amount="case when state = 'broken' then amount else kept_amount end",
        where="state in ('kept', 'partly', 'broken', 'cancelled')") }}
    union all
    {{ timeline_event('deals', "'deal_created:' || deal_id", 'sales', "'deal_created'",
        "'Deal begun: ' || coalesce(name, deal_id)", 'created_on', at='created_at', employee='owner_id',
        currency='currency', amount='amount', where='created_on is not null') }}
    union all
    {{ timeline_event('stages', "'deal_stage:' || deal_id || ':' || cast(stage_number as varchar(9))", 'sales',
        "'deal_stage'", "'Deal to ' || stage || ': ' || deal_name", 'entered_on', at='entered_at', employee='owner_id',
        where='entered_on is not null') }}
    union all
    {{ timeline_event('deals', "'deal_' || status || ':' || deal_id", 'sales', "'deal_' || status",
        "case status when 'won' then 'Deal won: ' else 'Deal lost: ' end || coalesce(name, deal_id)",
        'closed_on', at='closed_at', employee='owner_id', currency='currency', amount='amount',
        where="status in ('won', 'lost')") }}
    union all
    {{ timeline_event('orders', "'order:' || order_id", 'sales', "'order'", "'Order' || coalesce(', ' || status, '')",
        'ordered_on', currency='currency', amount='open_amount', where='ordered_on is not null') }}
    union all
    {{ timeline_event('logged_once', "'activity:' || activity_id", 'contacts', 'activity_type',
        'coalesce(subject, activity_type)', 'occurred_on', at='occurred_at', employee='owner_id',
        two_way='is_two_way') }}
    union all
    {{ timeline_event('calls', "'call:' || conversation_id", 'contacts', "'call'",
        "coalesce(direction, 'call') || ' call, ' || coalesce(status, 'status unknown')", 'started_on',
        at='started_at', employee='employee_id', two_way="status = 'answered'") }}
    union all
    {{ timeline_event('documents', "'document_sent:' || document_id", 'documents', "document_type || '_sent'",
        "replace(document_type, '_', ' ') || coalesce(' ' || document_number, '') || ' sent'", 'sent_on', at='sent_at',
        currency='currency', amount='amount', where='sent_on is not null') }}
    union all
    {{ timeline_event('documents', "'document_signed:' || document_id", 'documents', "document_type || '_signed'",
        "replace(document_type, '_', ' ') || coalesce(' ' || document_number, '') || ' signed'", 'signed_on',
        at='signed_at', currency='currency', amount='amount', where='signed_on is not null') }}
    union all
    {{ timeline_event('documents', "'contract_ended:' || document_id", 'documents', "'contract_ended'",
        "'contract' || coalesce(' ' || document_number, '') || ' ended'", 'ends_on', currency='currency',
        amount='amount', where="document_type = 'contract' and ends_on is not null") }}
    union all
    {{ timeline_event('cases', "'case_opened:' || case_id", 'claims', "'case_opened'",
        "'Case opened' || coalesce(': ' || reason, '')", 'opened_on', at='opened_at', employee='owner_id',
        where='opened_on is not null') }}
    union all
    {{ timeline_event('cases', "'case_closed:' || case_id", 'claims', "'case_closed'",
        "'Case closed' || coalesce(': ' || reason, '')", 'closed_on', at='closed_at', employee='owner_id',
        where='closed_on is not null') }}
)

select
    events.event_id,
    events.account_id,
    events.employee_id,
    events.event_group,
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
