{#- The canonical entities as models need them, written by `python -m pipelines.exports.day` from pipelines/entities.yml:
    edit that. `measures` are what a control total is taken of, `fresh` what tells how fresh an export is; the rest says
    what is known as of a day. -#}
{% macro landed_entities() -%}
{{ return({
    'crm.accounts': {'key': ['account_id'], 'columns': ['account_id', 'name', 'parent_account_id', 'merged_into_id',
        'website', 'phone', 'email', 'tax_id', 'industry', 'segment', 'address', 'city', 'postal_code', 'country',
        'region', 'owner_id', 'status', 'created_at', 'updated_at'], 'measures': [], 'has_currency': False, 'moments':
        ['created_at', 'updated_at'], 'since': ['created_at'], 'of': {}, 'later': {'updated_at': {}}, 'until': {},
        'at_export': [], 'events': {'created_at': {}}, 'plans': [], 'fresh': ['created_at', 'updated_at'], 'now':
        {'name': 'overwritten', 'website': 'overwritten', 'phone': 'overwritten', 'email': 'overwritten', 'tax_id':
        'overwritten', 'industry': 'overwritten', 'segment': 'overwritten', 'address': 'overwritten', 'city':
        'overwritten', 'postal_code': 'overwritten', 'country': 'overwritten', 'region': 'overwritten',
        'parent_account_id': 'link', 'merged_into_id': 'link', 'owner_id': 'link', 'status': 'undated'}},
    'crm.account_owners': {'key': ['account_id', 'owner_id', 'starts_on'], 'columns': ['account_id', 'owner_id',
        'starts_on', 'ends_on'], 'measures': [], 'has_currency': False, 'moments': [], 'since': ['starts_on'], 'of':
        {}, 'later': {'ends_on': {}}, 'until': {}, 'at_export': [], 'events': {}, 'plans': ['starts_on'], 'fresh':
        ['starts_on'], 'now': {}},
    'crm.contacts': {'key': ['contact_id'], 'columns': ['contact_id', 'account_id', 'full_name', 'email', 'phone',
        'mobile', 'job_title', 'contact_role', 'birth_date', 'lead_source', 'created_at'], 'measures': [],
        'has_currency': False, 'moments': ['created_at'], 'since': ['created_at'], 'of': {}, 'later': {}, 'until': {},
        'at_export': [], 'events': {'created_at': {}}, 'plans': [], 'fresh': ['created_at'], 'now': {'account_id':
        'link', 'full_name': 'overwritten', 'email': 'overwritten', 'phone': 'overwritten', 'mobile': 'overwritten',
        'job_title': 'overwritten', 'contact_role': 'overwritten', 'birth_date': 'overwritten', 'lead_source':
        'overwritten'}},
    'crm.employees': {'key': ['employee_id'], 'columns': ['employee_id', 'full_name', 'email', 'phone_extension',
        'grade', 'role_profile', 'team', 'region', 'manager_id', 'active_from', 'active_to'], 'measures': [],
        'has_currency': False, 'moments': [], 'since': ['active_from'], 'of': {}, 'later': {}, 'until': {},
        'at_export': [], 'events': {}, 'plans': ['active_from'], 'fresh': [], 'now': {'full_name': 'overwritten',
        'email': 'overwritten', 'phone_extension': 'overwritten', 'grade': 'overwritten', 'role_profile':
        'overwritten', 'team': 'overwritten', 'region': 'overwritten', 'manager_id': 'link'}},
    'crm.leads': {'key': ['lead_id'], 'columns': ['lead_id', 'company_name', 'full_name', 'email', 'phone',
        'lead_source', 'status', 'owner_id', 'created_at', 'converted_at', 'account_id', 'contact_id', 'deal_id'],
        'measures': [], 'has_currency': False, 'moments': ['created_at', 'converted_at'], 'since': ['created_at'],
        'of': {}, 'later': {'converted_at': {'status': None, 'account_id': None, 'contact_id': None, 'deal_id':
        None}}, 'until': {}, 'at_export': [], 'events': {'created_at': {}, 'converted_at': {}}, 'plans': [], 'fresh':
        ['created_at', 'converted_at'], 'now': {'company_name': 'overwritten', 'full_name': 'overwritten', 'email':
        'overwritten', 'phone': 'overwritten', 'lead_source': 'overwritten', 'status': 'undated', 'owner_id': 'link'}},
    'crm.deals': {'key': ['deal_id'], 'columns': ['deal_id', 'account_id', 'contact_id', 'lead_id', 'owner_id',
        'name', 'pipeline', 'stage', 'status', 'amount', 'currency', 'probability', 'forecast_category',
        'lead_source', 'referred_by', 'campaign_id', 'product_id', 'lost_reason', 'created_at', 'expected_close_on',
        'closed_at'], 'measures': ['amount'], 'has_currency': True, 'moments': ['created_at', 'closed_at'], 'since':
        ['created_at'], 'of': {}, 'later': {'closed_at': {'status': {'won': 'open', 'lost': 'open'}, 'stage': None,
        'probability': None, 'forecast_category': None, 'lost_reason': None}}, 'until': {}, 'at_export': [], 'events':
        {'created_at': {}, 'closed_at': {'status': ['open']}}, 'plans': [], 'fresh': ['created_at', 'closed_at'],
        'now': {'account_id': 'link', 'contact_id': 'link', 'lead_id': 'link', 'owner_id': 'link', 'referred_by':
        'link', 'campaign_id': 'link', 'product_id': 'link', 'name': 'overwritten', 'pipeline': 'overwritten',
        'currency': 'overwritten', 'lead_source': 'overwritten', 'stage': 'some_history', 'amount': 'some_history',
        'probability': 'some_history', 'forecast_category': 'some_history', 'expected_close_on': 'some_history'}},
    'crm.deal_stages': {'key': ['deal_id', 'stage', 'entered_at'], 'columns': ['deal_id', 'stage', 'entered_at',
        'left_at', 'status', 'amount', 'currency', 'probability', 'forecast_category', 'expected_close_on',
        'owner_id'], 'measures': ['amount'], 'has_currency': True, 'moments': ['entered_at', 'left_at'], 'since':
        ['entered_at'], 'of': {'deal_id': 'crm.deals'}, 'later': {'left_at': {}}, 'until': {}, 'at_export': [],
        'events': {'entered_at': {}, 'left_at': {}}, 'plans': [], 'fresh': ['entered_at', 'left_at'], 'now': {}},
    'crm.activities': {'key': ['activity_id'], 'columns': ['activity_id', 'activity_type', 'direction', 'subject',
        'outcome', 'owner_id', 'account_id', 'contact_id', 'deal_id', 'lead_id', 'due_at', 'occurred_at',
        'completed_at', 'duration_seconds', 'created_at'], 'measures': ['duration_seconds'], 'has_currency': False,
        'moments': ['due_at', 'occurred_at', 'completed_at', 'created_at'], 'since': ['created_at'], 'of': {},
        'later': {'completed_at': {'outcome': None}}, 'until': {'occurred_at': {'outcome': None}}, 'at_export': [],
        'events': {'created_at': {}, 'completed_at': {}}, 'plans': [], 'fresh': ['created_at', 'completed_at',
        'occurred_at'], 'now': {'subject': 'overwritten', 'outcome': 'overwritten', 'owner_id': 'link', 'account_id':
        'link', 'contact_id': 'link', 'deal_id': 'link', 'lead_id': 'link', 'due_at': 'replaced', 'occurred_at':
        'replaced'}},
    'crm.cases': {'key': ['case_id'], 'columns': ['case_id', 'account_id', 'owner_id', 'reason', 'status',
        'opened_at', 'closed_at'], 'measures': [], 'has_currency': False, 'moments': ['opened_at', 'closed_at'],
        'since': ['opened_at'], 'of': {}, 'later': {'closed_at': {'status': None}}, 'until': {}, 'at_export': [],
        'events': {'opened_at': {}, 'closed_at': {}}, 'plans': [], 'fresh': ['opened_at', 'closed_at'], 'now':
        {'account_id': 'link', 'owner_id': 'link', 'reason': 'overwritten', 'status': 'undated'}},
    'crm.documents': {'key': ['document_id'], 'columns': ['document_id', 'document_type', 'number', 'account_id',
        'deal_id', 'sent_at', 'signed_at', 'starts_on', 'ends_on', 'amount', 'currency', 'payment_terms_days',
        'credit_limit'], 'measures': ['amount', 'credit_limit'], 'has_currency': True, 'moments': ['sent_at',
        'signed_at'], 'since': ['sent_at', 'signed_at', 'starts_on'], 'of': {}, 'later': {'signed_at': {}}, 'until':
        {}, 'at_export': [], 'events': {'sent_at': {}, 'signed_at': {}}, 'plans': ['starts_on'], 'fresh': ['sent_at',
        'signed_at'], 'now': {'account_id': 'link', 'deal_id': 'link'}},
    'crm.products': {'key': ['product_id'], 'columns': ['product_id', 'name', 'category', 'list_price', 'currency'],
        'measures': [], 'has_currency': True, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {},
        'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {'name': 'overwritten', 'category':
        'overwritten', 'list_price': 'overwritten', 'currency': 'overwritten'}},
    'crm.campaigns': {'key': ['campaign_id'], 'columns': ['campaign_id', 'name', 'channel', 'starts_on', 'ends_on',
        'cost', 'currency'], 'measures': ['cost'], 'has_currency': True, 'moments': [], 'since': ['starts_on'], 'of':
        {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': ['starts_on'], 'fresh': ['starts_on'],
        'now': {'name': 'overwritten', 'channel': 'overwritten', 'cost': 'overwritten', 'currency': 'overwritten'}},
    'billing.customers': {'key': ['customer_id'], 'columns': ['customer_id', 'name', 'known_as', 'email', 'phone',
        'tax_id', 'address', 'city', 'postal_code', 'country', 'currency', 'payment_terms_days', 'credit_limit',
        'price_list', 'parent_customer_id', 'account_id'], 'measures': ['credit_limit'], 'has_currency': True,
        'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [],
        'fresh': [], 'now': {'name': 'overwritten', 'known_as': 'overwritten', 'email': 'overwritten', 'phone':
        'overwritten', 'tax_id': 'overwritten', 'address': 'overwritten', 'city': 'overwritten', 'postal_code':
        'overwritten', 'country': 'overwritten', 'currency': 'overwritten', 'payment_terms_days': 'overwritten',
        'credit_limit': 'overwritten', 'price_list': 'overwritten', 'parent_customer_id': 'link', 'account_id':
        'link'}},
    'billing.invoices': {'key': ['invoice_id'], 'columns': ['invoice_id', 'number', 'document_kind', 'customer_id',
        'deal_id', 'issued_on', 'due_on', 'delivered_on', 'currency', 'exchange_rate', 'net_amount', 'tax_amount',
        'gross_amount', 'status', 'voided_on', 'is_disputed', 'disputed_on', 'dispute_resolved_on', 'settled_on',
        'reported_balance'], 'measures': ['net_amount', 'tax_amount', 'gross_amount', 'reported_balance'],
        'has_currency': True, 'moments': [], 'since': ['issued_on'], 'of': {}, 'later': {'voided_on': {'status':
        {'void': 'issued'}}, 'disputed_on': {'is_disputed': False}, 'dispute_resolved_on': {'is_disputed': True},
        'settled_on': {}, 'delivered_on': {}}, 'until': {}, 'at_export': ['reported_balance'], 'events': {'issued_on':
        {'status': ['draft']}, 'voided_on': {}, 'disputed_on': {}, 'dispute_resolved_on': {}, 'settled_on': {'status':
        ['draft']}}, 'plans': [], 'fresh': ['issued_on', 'voided_on', 'disputed_on', 'dispute_resolved_on',
        'settled_on', 'delivered_on'], 'now': {'deal_id': 'link'}},
    'billing.instalments': {'key': ['invoice_id', 'number'], 'columns': ['invoice_id', 'number', 'due_on', 'amount'],
        'measures': ['amount'], 'has_currency': False, 'moments': [], 'since': [], 'of': {'invoice_id':
        'billing.invoices'}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now':
        {}},
    'billing.orders': {'key': ['order_id'], 'columns': ['order_id', 'customer_id', 'ordered_on', 'currency',
        'open_amount', 'status'], 'measures': ['open_amount'], 'has_currency': True, 'moments': [], 'since':
        ['ordered_on'], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {'ordered_on': {}}, 'plans':
        [], 'fresh': ['ordered_on'], 'now': {'open_amount': 'undated', 'status': 'undated'}},
    'billing.opening_balances': {'key': ['customer_id', 'currency', 'as_of'], 'columns': ['customer_id', 'currency',
        'as_of', 'amount', 'due_on'], 'measures': ['amount'], 'has_currency': True, 'moments': [], 'since': ['as_of'],
        'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {'as_of': {}}, 'plans': [], 'fresh': [], 'now':
        {}},
    'billing.invoice_lines': {'key': ['line_id'], 'columns': ['line_id', 'invoice_id', 'product_id', 'description',
        'quantity', 'unit_price', 'net_amount', 'tax_amount'], 'measures': ['net_amount', 'tax_amount'],
        'has_currency': False, 'moments': [], 'since': [], 'of': {'invoice_id': 'billing.invoices'}, 'later': {},
        'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {'product_id': 'link'}},
    'billing.payments': {'key': ['payment_id'], 'columns': ['payment_id', 'customer_id', 'received_on', 'currency',
        'exchange_rate', 'amount', 'method', 'reference', 'status'], 'measures': ['amount'], 'has_currency': True,
        'moments': [], 'since': ['received_on'], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events':
        {'received_on': {'status': ['pending', 'failed']}}, 'plans': [], 'fresh': ['received_on'], 'now': {'status':
        'undated'}},
    'billing.applications': {'key': ['application_id'], 'columns': ['application_id', 'payment_id', 'credit_note_id',
        'invoice_id', 'applied_on', 'amount', 'payment_amount'], 'measures': ['amount', 'payment_amount'],
        'has_currency': False, 'moments': [], 'since': ['applied_on'], 'of': {'invoice_id': 'billing.invoices',
        'credit_note_id': 'billing.invoices', 'payment_id': 'billing.payments'}, 'later': {}, 'until': {},
        'at_export': [], 'events': {'applied_on': {}}, 'plans': [], 'fresh': ['applied_on'], 'now': {}},
    'billing.adjustments': {'key': ['adjustment_id'], 'columns': ['adjustment_id', 'adjustment_kind', 'customer_id',
        'invoice_id', 'payment_id', 'occurred_on', 'currency', 'exchange_rate', 'amount'], 'measures': ['amount'],
        'has_currency': True, 'moments': [], 'since': ['occurred_on'], 'of': {'invoice_id': 'billing.invoices',
        'payment_id': 'billing.payments'}, 'later': {}, 'until': {}, 'at_export': [], 'events': {'occurred_on': {}},
        'plans': [], 'fresh': ['occurred_on'], 'now': {}},
    'billing.subscriptions': {'key': ['subscription_id'], 'columns': ['subscription_id', 'customer_id', 'product_id',
        'currency', 'unit_price', 'quantity', 'interval_unit', 'interval_count', 'started_on', 'ended_on'],
        'measures': [], 'has_currency': True, 'moments': [], 'since': ['started_on'], 'of': {}, 'later': {}, 'until':
        {}, 'at_export': [], 'events': {}, 'plans': ['started_on'], 'fresh': ['started_on'], 'now': {'product_id':
        'link', 'unit_price': 'replaced', 'quantity': 'replaced', 'interval_unit': 'replaced', 'interval_count':
        'replaced', 'ended_on': 'replaced'}},
    'billing.dunning_events': {'key': ['dunning_id'], 'columns': ['dunning_id', 'customer_id', 'invoice_id', 'level',
        'channel', 'sent_at'], 'measures': [], 'has_currency': False, 'moments': ['sent_at'], 'since': ['sent_at'],
        'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {'sent_at': {}}, 'plans': [], 'fresh':
        ['sent_at'], 'now': {}},
    'billing.promises': {'key': ['promise_id'], 'columns': ['promise_id', 'customer_id', 'invoice_id', 'made_on',
        'promised_for', 'amount', 'currency', 'cancelled_on'], 'measures': ['amount'], 'has_currency': True,
        'moments': [], 'since': ['made_on'], 'of': {}, 'later': {'cancelled_on': {}}, 'until': {}, 'at_export': [],
        'events': {'made_on': {}, 'cancelled_on': {}}, 'plans': [], 'fresh': ['made_on', 'cancelled_on'], 'now': {}},
    'calls.calls': {'key': ['call_id'], 'columns': ['call_id', 'parent_call_id', 'direction', 'caller_number',
        'callee_number', 'tracking_number', 'agent_id', 'agent_name', 'queue', 'started_at', 'answered_at',
        'ended_at', 'wait_seconds', 'talk_seconds', 'total_seconds', 'status', 'is_voicemail', 'source', 'medium',
        'campaign', 'keyword', 'landing_page', 'is_first_call', 'disposition', 'tags', 'note', 'cost', 'currency'],
        'measures': ['wait_seconds', 'talk_seconds', 'total_seconds', 'cost'], 'has_currency': True, 'moments':
        ['started_at', 'answered_at', 'ended_at'], 'since': ['started_at'], 'of': {}, 'later': {}, 'until': {},
        'at_export': [], 'events': {'started_at': {}}, 'plans': [], 'fresh': ['started_at'], 'now': {'source':
        'overwritten', 'medium': 'overwritten', 'campaign': 'overwritten', 'keyword': 'overwritten', 'disposition':
        'overwritten', 'tags': 'overwritten', 'note': 'overwritten'}},
    'calls.channel_costs': {'key': ['source', 'medium', 'spent_on'], 'columns': ['source', 'medium', 'spent_on',
        'amount', 'currency', 'goals'], 'measures': ['amount'], 'has_currency': True, 'moments': [], 'since':
        ['spent_on'], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': ['spent_on'],
        'fresh': ['spent_on'], 'now': {'amount': 'replaced', 'goals': 'replaced'}},
    'plan.targets': {'key': ['employee_id', 'metric', 'period_start'], 'columns': ['employee_id', 'metric',
        'period_start', 'target'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {},
        'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': ['period_start'], 'now':
        {'target': 'replaced'}},
    'plan.budgets': {'key': ['account_id', 'month'], 'columns': ['account_id', 'month', 'amount', 'currency',
        'explanation', 'action'], 'measures': ['amount'], 'has_currency': True, 'moments': [], 'since': [], 'of': {},
        'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': ['month'], 'now': {'amount':
        'replaced', 'explanation': 'overwritten', 'action': 'overwritten'}},
    'plan.absences': {'key': ['employee_id', 'starts_on'], 'columns': ['employee_id', 'starts_on', 'ends_on',
        'substitute_id'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {},
        'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': ['starts_on'], 'now': {'substitute_id':
        'replaced'}},
    'plan.costs': {'key': ['account_id', 'month', 'cost_kind'], 'columns': ['account_id', 'month', 'cost_kind',
        'amount', 'currency'], 'measures': ['amount'], 'has_currency': True, 'moments': [], 'since': ['month'], 'of':
        {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': ['month'], 'fresh': ['month'], 'now':
        {'amount': 'replaced'}},
    'plan.fx_rates': {'key': ['currency', 'rate_date'], 'columns': ['currency', 'rate_date', 'rate'], 'measures': [],
        'has_currency': True, 'moments': [], 'since': ['rate_date'], 'of': {}, 'later': {}, 'until': {}, 'at_export':
        [], 'events': {}, 'plans': ['rate_date'], 'fresh': ['rate_date'], 'now': {}},
    'crm.case_events': {'key': ['case_id', 'event', 'occurred_at'], 'columns': ['case_id', 'event', 'occurred_at'],
        'measures': [], 'has_currency': False, 'moments': ['occurred_at'], 'since': ['occurred_at'], 'of': {'case_id':
        'crm.cases'}, 'later': {}, 'until': {}, 'at_export': [], 'events': {'occurred_at': {}}, 'plans': [], 'fresh':
        ['occurred_at'], 'now': {}},
    'crm.commitments': {'key': ['commitment_id'], 'columns': ['commitment_id', 'kind', 'account_id', 'owner_id',
        'project', 'title', 'made_on', 'internal_on', 'promised_on', 'approved_on', 'done_on', 'budget', 'spent',
        'currency'], 'measures': ['budget', 'spent'], 'has_currency': True, 'moments': [], 'since': ['made_on'], 'of':
        {}, 'later': {'approved_on': {}, 'done_on': {}}, 'until': {}, 'at_export': [], 'events': {'made_on': {},
        'approved_on': {}, 'done_on': {}}, 'plans': [], 'fresh': ['made_on', 'approved_on', 'done_on'], 'now':
        {'account_id': 'link', 'owner_id': 'link', 'project': 'overwritten', 'title': 'overwritten', 'internal_on':
        'replaced', 'promised_on': 'replaced', 'budget': 'replaced', 'spent': 'undated'}},
    'crm.stock_outs': {'key': ['stock_out_id'], 'columns': ['stock_out_id', 'account_id', 'owner_id', 'product_id',
        'quantity', 'amount', 'currency', 'asked_on', 'supply_requested_on', 'told_on', 'expected_on',
        'analogue_offered_on', 'outcome', 'closed_on'], 'measures': ['amount'], 'has_currency': True, 'moments': [],
        'since': ['asked_on'], 'of': {}, 'later': {'supply_requested_on': {}, 'told_on': {}, 'analogue_offered_on':
        {}, 'closed_on': {'outcome': None}}, 'until': {}, 'at_export': [], 'events': {'asked_on': {},
        'supply_requested_on': {}, 'told_on': {}, 'analogue_offered_on': {}, 'closed_on': {}}, 'plans': [], 'fresh':
        ['asked_on', 'supply_requested_on', 'told_on', 'analogue_offered_on', 'closed_on'], 'now': {'account_id':
        'link', 'owner_id': 'link', 'product_id': 'link', 'outcome': 'undated', 'expected_on': 'replaced'}},
    'crm.campaign_members': {'key': ['member_id'], 'columns': ['member_id', 'campaign_id', 'account_id', 'contact_id',
        'kind', 'channel', 'invited_on', 'opened_on', 'responded_on', 'attended_on', 'left_on'], 'measures': [],
        'has_currency': False, 'moments': [], 'since': ['invited_on'], 'of': {}, 'later': {'opened_on': {},
        'responded_on': {}, 'attended_on': {}, 'left_on': {}}, 'until': {}, 'at_export': [], 'events': {'invited_on':
        {}, 'opened_on': {}, 'responded_on': {}, 'attended_on': {}, 'left_on': {}}, 'plans': [], 'fresh':
        ['invited_on', 'opened_on', 'responded_on', 'attended_on', 'left_on'], 'now': {'campaign_id': 'link',
        'account_id': 'link', 'contact_id': 'link', 'kind': 'overwritten', 'channel': 'overwritten'}},
    'crm.product_uses': {'key': ['account_id', 'product_id', 'used_on'], 'columns': ['account_id', 'product_id',
        'used_on', 'quantity'], 'measures': [], 'has_currency': False, 'moments': [], 'since': ['used_on'], 'of': {},
        'later': {}, 'until': {}, 'at_export': [], 'events': {'used_on': {}}, 'plans': [], 'fresh': ['used_on'],
        'now': {'quantity': 'replaced'}},
    'billing.deliveries': {'key': ['delivery_id'], 'columns': ['delivery_id', 'order_id', 'customer_id', 'product_id',
        'quantity_ordered', 'quantity_delivered', 'ordered_on', 'internal_on', 'promised_on', 'delivered_on'],
        'measures': [], 'has_currency': False, 'moments': [], 'since': ['ordered_on'], 'of': {}, 'later':
        {'delivered_on': {'quantity_delivered': None}}, 'until': {}, 'at_export': [], 'events': {'ordered_on': {},
        'delivered_on': {}}, 'plans': [], 'fresh': ['ordered_on', 'delivered_on'], 'now': {'product_id': 'link',
        'quantity_delivered': 'undated', 'quantity_ordered': 'replaced', 'internal_on': 'replaced', 'promised_on':
        'replaced'}},
    'lists.account_classifications': {'key': ['row_id'], 'columns': ['row_id', 'account_id', 'scheme', 'class',
        'action', 'classified_on', 'note'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of':
        {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.account_links': {'key': ['row_id'], 'columns': ['row_id', 'system', 'kind', 'native_id', 'decision',
        'account_id', 'reason', 'decided_by', 'decided_on'], 'measures': [], 'has_currency': False, 'moments': [],
        'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [],
        'now': {}},
    'lists.account_plans': {'key': ['row_id'], 'columns': ['row_id', 'account_id', 'item', 'goal', 'starts_on',
        'due_on', 'done_on', 'owner', 'note'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [],
        'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.account_startup_answers': {'key': ['row_id'], 'columns': ['row_id', 'account_id', 'question', 'answer',
        'answered_on'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {},
        'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.aging_edges': {'key': ['edge_days'], 'columns': ['edge_days'], 'measures': [], 'has_currency': False,
        'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [],
        'fresh': [], 'now': {}},
    'lists.claim_reasons': {'key': ['reason'], 'columns': ['reason', 'cause', 'department'], 'measures': [],
        'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [],
        'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.commission_closings': {'key': ['row_id'], 'columns': ['row_id', 'month', 'employee_id', 'ledger', 'amount',
        'closed_on'], 'measures': ['amount'], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later':
        {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.commission_plans': {'key': ['row_id'], 'columns': ['row_id', 'plan', 'valid_from', 'employee_id', 'team',
        'product_id', 'min_amount', 'rate', 'origin'], 'measures': ['min_amount'], 'has_currency': False, 'moments':
        [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [],
        'now': {}},
    'lists.commission_shares': {'key': ['row_id'], 'columns': ['row_id', 'deal_id', 'employee_id', 'share', 'note'],
        'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {},
        'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.contact_cadences': {'key': ['tier'], 'columns': ['tier', 'days', 'origin'], 'measures': [], 'has_currency':
        False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans':
        [], 'fresh': [], 'now': {}},
    'lists.decision_maker_roles': {'key': ['word'], 'columns': ['word', 'is_decision_maker', 'is_whole_word',
        'language', 'origin'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later':
        {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.direct_sources': {'key': ['source'], 'columns': ['source', 'origin'], 'measures': [], 'has_currency':
        False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans':
        [], 'fresh': [], 'now': {}},
    'lists.effort_minutes': {'key': ['activity_type'], 'columns': ['activity_type', 'minutes', 'origin'], 'measures':
        [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [],
        'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.key_account_decisions': {'key': ['row_id'], 'columns': ['row_id', 'quarter', 'account_id', 'decision',
        'reason', 'decided_on', 'decided_by'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [],
        'of': {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.key_account_ratings': {'key': ['row_id'], 'columns': ['row_id', 'account_id', 'criterion', 'is_met',
        'rated_on', 'rated_by', 'note'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {},
        'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.late_interest_rates': {'key': ['currency'], 'columns': ['currency', 'percent_a_year', 'fee', 'origin'],
        'measures': ['fee'], 'has_currency': True, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {},
        'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.norm_targets': {'key': ['row_id'], 'columns': ['row_id', 'norm', 'role_profile', 'grade', 'target',
        'valid_from', 'origin'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later':
        {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.opening_hours': {'key': ['row_id'], 'columns': ['row_id', 'team', 'weekday', 'day', 'opens_at_hour',
        'closes_at_hour', 'note'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {},
        'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.parameters': {'key': ['parameter'], 'columns': ['parameter', 'value', 'origin'], 'measures': [],
        'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [],
        'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.payment_contacts': {'key': ['word'], 'columns': ['word', 'language', 'origin'], 'measures': [],
        'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [],
        'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.product_eligibility': {'key': ['row_id'], 'columns': ['row_id', 'segment', 'product_id', 'is_eligible',
        'origin'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until':
        {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.risk_flags': {'key': ['row_id'], 'columns': ['row_id', 'account_id', 'reason', 'flagged_on', 'flagged_by',
        'resolved_on'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {},
        'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.service_targets': {'key': ['service_class'], 'columns': ['service_class', 'class_rank', 'callback_minutes',
        'case_days', 'origin'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later':
        {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.source_names': {'key': ['row_id'], 'columns': ['row_id', 'name', 'source', 'note'], 'measures': [],
        'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {}, 'at_export': [],
        'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.specific_provisions': {'key': ['row_id'], 'columns': ['row_id', 'account_id', 'invoice_id', 'rate',
        'reason', 'valid_from', 'valid_to'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of':
        {}, 'later': {}, 'until': {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.survey_answers': {'key': ['row_id'], 'columns': ['row_id', 'account_id', 'kind', 'score', 'answered_on',
        'note'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until':
        {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.work_reports': {'key': ['row_id'], 'columns': ['row_id', 'employee_id', 'month', 'handed_in_on', 'note'],
        'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until': {},
        'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}},
    'lists.working_times': {'key': ['row_id'], 'columns': ['row_id', 'employee_id', 'share', 'valid_from', 'valid_to',
        'note'], 'measures': [], 'has_currency': False, 'moments': [], 'since': [], 'of': {}, 'later': {}, 'until':
        {}, 'at_export': [], 'events': {}, 'plans': [], 'fresh': [], 'now': {}}
}) }}
{%- endmacro %}
