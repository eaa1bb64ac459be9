-- Grain: one row per event with an account, up to the as-of date (F16): documents of the ledger and what became of them,
-- cash and what it was applied to, reminders and promises, deals and their stages, conversations, done CRM activities, CRM
-- documents and cases. An event that carries a date alone stands at the start of its day in the business time zone.
with run as (
    select * from {{ ref('int_run_dated') }}
),

-- An opening balance that a later list repeats is none: only the first is a debt.
invoices as (
    select * from {{ ref('fct_invoices') }} where not is_draft and (document_kind <> 'opening' or is_receivable)
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
    {{ timeline_event('invoices', "document_kind || ':' || invoice_id", 'invoices', 'document_kind', 'invoice_number',
        'issued_on', currency='currency', amount='gross_amount', state="case when is_void then 'void' end") }}
    union all
    {{ timeline_event('invoices', "'invoice_void:' || invoice_id", 'invoices', "'invoice_void'", 'invoice_number',
        'voided_on', currency='currency', amount='gross_amount', where='is_void and voided_on > issued_on') }}
    union all
    {{ timeline_event('invoices', "'dispute_opened:' || invoice_id", 'claims', "'dispute_opened'", 'invoice_number',
        'disputed_on', currency='currency', amount='gross_amount', where='disputed_on is not null') }}
    union all
    {{ timeline_event('invoices', "'dispute_resolved:' || invoice_id", 'claims', "'dispute_resolved'",
        'invoice_number', 'dispute_resolved_on', currency='currency', amount='gross_amount',
        where='dispute_resolved_on is not null') }}
    union all
    {{ timeline_event('payments', "'payment:' || payment_id", 'cash',
        "case when payment_kind in ('refund', 'chargeback') then payment_kind else 'payment' end",
        'reference', 'received_on', currency='currency', amount='amount',
        state="case when payment_kind in ('settled_date', 'balance_only', 'credit_note_used') then payment_kind end") }}
    union all
    {{ timeline_event('applied', "'applied:' || event_id", 'cash',
        "case event_type when 'payment' then 'cash_applied' when 'credit_note' then 'credit_applied' else event_type end",
        'coalesce(invoice_number, invoice_id)', 'event_date', currency='currency', amount='abs(amount)') }}
    union all
    {{ timeline_event('reminders', "'reminder:' || dunning_id", 'reminders', "'reminder_sent'", 'invoice_number',
        'sent_on', at='sent_at', channel='channel', level='level', where='sent_on is not null') }}
    union all
    {{ timeline_event('promises', "'promise_made:' || promise_id", 'reminders', "'promise_made'", 'null',
        'made_on', currency='currency', amount='amount', promised_for='promised_for', where='made_on is not null') }}
    union all
    -- A promise is broken once its day and the days of grace are over.
    {{ timeline_event('promises', "'promise_ended:' || promise_id", 'reminders', "'promise_' || state", 'null',
        "case state when 'kept' then kept_on when 'cancelled' then closed_on else "
        ~ plus_days('kept_by', '1') ~ " end",
        currency='currency', amount="case when state = 'broken' then amount else kept_amount end",
        state='closed_by', promised_for='promised_for',
        where="state in ('kept', 'partly', 'broken', 'cancelled')") }}
    union all
    {{ timeline_event('deals', "'deal_created:' || deal_id", 'sales', "'deal_created'", 'coalesce(name, deal_id)',
        'created_on', at='created_at', employee='owner_id', currency='currency', amount='amount',
        where='created_on is not null') }}
    union all
    {{ timeline_event('stages', "'deal_stage:' || deal_id || ':' || cast(stage_number as varchar(9))", 'sales',
        "'deal_stage'", 'deal_name', 'entered_on', at='entered_at', employee='owner_id', stage='stage',
        where='entered_on is not null') }}
    union all
    {{ timeline_event('deals', "'deal_' || status || ':' || deal_id", 'sales', "'deal_' || status",
        'coalesce(name, deal_id)', 'closed_on', at='closed_at', employee='owner_id', currency='currency',
        amount='amount', where="status in ('won', 'lost')") }}
    union all
    {{ timeline_event('orders', "'order:' || order_id", 'sales', "'order'", 'null', 'ordered_on', currency='currency',
        amount='open_amount', stage='status', where='ordered_on is not null') }}
    union all
    {{ timeline_event('logged_once', "'activity:' || activity_id", 'contacts', 'activity_type', 'subject',
        'occurred_on', at='occurred_at', employee='owner_id', two_way='is_two_way', direction='direction') }}
    union all
    {{ timeline_event('calls', "'call:' || conversation_id", 'contacts', "'call'", 'null', 'started_on',
        at='started_at', employee='employee_id', two_way="status = 'answered'", state='status',
        direction='direction') }}
    union all
    {{ timeline_event('documents', "'document_sent:' || document_id", 'documents', "document_type || '_sent'",
        'document_number', 'sent_on', at='sent_at', currency='currency', amount='amount',
        where='sent_on is not null') }}
    union all
    {{ timeline_event('documents', "'document_signed:' || document_id", 'documents', "document_type || '_signed'",
        'document_number', 'signed_on', at='signed_at', currency='currency', amount='amount',
        where='signed_on is not null') }}
    union all
    {{ timeline_event('documents', "'contract_ended:' || document_id", 'documents', "'contract_ended'",
        'document_number', 'ends_on', currency='currency', amount='amount',
        where="document_type = 'contract' and ends_on is not null") }}
    union all
    {{ timeline_event('cases', "'case_opened:' || case_id", 'claims', "'case_opened'", 'reason', 'opened_on',
        at='opened_at', employee='owner_id', where='opened_on is not null') }}
    union all
    {{ timeline_event('cases', "'case_closed:' || case_id", 'claims', "'case_closed'", 'reason', 'closed_on',
        at='closed_at', employee='owner_id', where='closed_on is not null') }}
)

select
    events.event_id,
    events.account_id,
    events.employee_id,
    events.event_group,
    events.event_type,
    events.title,
    events.state,
    events.stage,
    events.direction,
    events.channel,
    events.reminder_level,
    events.currency,
    events.amount,
    events.is_two_way,
    events.promised_for,
    coalesce(events.occurred_at, {{ start_of_day('events.occurred_on', 'run.business_timezone') }}) as occurred_at,
    events.occurred_on,
    events._source,
    events._file,
    events._file_sha256,
    events._row
from events
cross join run
where events.account_id is not null and events.occurred_on <= run.as_of_date
