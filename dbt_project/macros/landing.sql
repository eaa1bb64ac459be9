{#- The canonical entities as models need them: what a control total is taken of (money and seconds, as in
    pipelines/entities.yml, which a test holds this list against) and which columns say when something happened.
    `days` are dates, `moments` points in time. -#}
{% macro landed_entities() %}
{{ return({
    'crm.accounts': {'key': ['account_id'], 'measures': [],
        'has_currency': false, 'days': [], 'moments': ['updated_at', 'created_at']},
    'crm.account_owners': {'key': ['account_id', 'owner_id', 'starts_on'], 'measures': [],
        'has_currency': false, 'days': ['starts_on'], 'moments': []},
    'crm.contacts': {'key': ['contact_id'], 'measures': [],
        'has_currency': false, 'days': [], 'moments': ['created_at']},
    'crm.employees': {'key': ['employee_id'], 'measures': [],
        'has_currency': false, 'days': [], 'moments': []},
    'crm.leads': {'key': ['lead_id'], 'measures': [],
        'has_currency': false, 'days': [], 'moments': ['created_at', 'converted_at']},
    'crm.deals': {'key': ['deal_id'], 'measures': ['amount'],
        'has_currency': true, 'days': [], 'moments': ['created_at', 'closed_at']},
    'crm.deal_stages': {'key': ['deal_id', 'stage', 'entered_at'], 'measures': ['amount'],
        'has_currency': true, 'days': [], 'moments': ['entered_at']},
    'crm.activities': {'key': ['activity_id'], 'measures': ['duration_seconds'],
        'has_currency': false, 'days': [], 'moments': ['created_at', 'occurred_at', 'completed_at']},
    'crm.cases': {'key': ['case_id'], 'measures': [],
        'has_currency': false, 'days': [], 'moments': ['opened_at', 'closed_at']},
    'crm.documents': {'key': ['document_id'], 'measures': ['amount', 'credit_limit'],
        'has_currency': true, 'days': [], 'moments': ['sent_at', 'signed_at']},
    'crm.products': {'key': ['product_id'], 'measures': [],
        'has_currency': true, 'days': [], 'moments': []},
    'crm.campaigns': {'key': ['campaign_id'], 'measures': ['cost'],
        'has_currency': true, 'days': ['starts_on'], 'moments': []},
    'billing.customers': {'key': ['customer_id'], 'measures': ['credit_limit'],
        'has_currency': true, 'days': [], 'moments': []},
    'billing.invoices': {'key': ['invoice_id'], 'measures': ['net_amount', 'tax_amount', 'gross_amount', 'reported_balance'],
        'has_currency': true, 'days': ['issued_on', 'settled_on'], 'moments': []},
    'billing.instalments': {'key': ['invoice_id', 'number'], 'measures': ['amount'],
        'has_currency': false, 'days': [], 'moments': []},
    'billing.orders': {'key': ['order_id'], 'measures': ['open_amount'],
        'has_currency': true, 'days': ['ordered_on'], 'moments': []},
    'billing.opening_balances': {'key': ['customer_id', 'currency', 'as_of'], 'measures': ['amount'],
        'has_currency': true, 'days': ['as_of'], 'moments': []},
    'billing.invoice_lines': {'key': ['line_id'], 'measures': ['net_amount', 'tax_amount'],
        'has_currency': false, 'days': [], 'moments': []},
    'billing.payments': {'key': ['payment_id'], 'measures': ['amount'],
        'has_currency': true, 'days': ['received_on'], 'moments': []},
    'billing.applications': {'key': ['application_id'], 'measures': ['amount', 'payment_amount'],
        'has_currency': false, 'days': ['applied_on'], 'moments': []},
    'billing.adjustments': {'key': ['adjustment_id'], 'measures': ['amount'],
        'has_currency': true, 'days': ['occurred_on'], 'moments': []},
    'billing.subscriptions': {'key': ['subscription_id'], 'measures': [],
        'has_currency': true, 'days': ['started_on'], 'moments': []},
    'billing.dunning_events': {'key': ['dunning_id'], 'measures': [],
        'has_currency': false, 'days': [], 'moments': ['sent_at']},
    'billing.promises': {'key': ['promise_id'], 'measures': ['amount'],
        'has_currency': true, 'days': ['made_on'], 'moments': []},
    'calls.calls': {'key': ['call_id'], 'measures': ['wait_seconds', 'talk_seconds', 'total_seconds', 'cost'],
        'has_currency': true, 'days': [], 'moments': ['started_at']},
    'calls.channel_costs': {'key': ['source', 'medium', 'spent_on'], 'measures': ['amount'],
        'has_currency': true, 'days': ['spent_on'], 'moments': []},
    'plan.targets': {'key': ['employee_id', 'metric', 'period_start'], 'measures': [],
        'has_currency': false, 'days': ['period_start'], 'moments': []},
    'plan.budgets': {'key': ['account_id', 'month'], 'measures': ['amount'],
        'has_currency': true, 'days': ['month'], 'moments': []},
    'plan.absences': {'key': ['employee_id', 'starts_on'], 'measures': [],
        'has_currency': false, 'days': ['starts_on'], 'moments': []},
    'plan.costs': {'key': ['account_id', 'month', 'cost_kind'], 'measures': ['amount'],
        'has_currency': true, 'days': ['month'], 'moments': []},
    'plan.fx_rates': {'key': ['currency', 'rate_date'], 'measures': [],
        'has_currency': true, 'days': ['rate_date'], 'moments': []},
}) }}
{% endmacro %}

{#- The currency under which a row is totalled: as staging has it, where a row without one takes the run's default. -#}
{% macro total_currency(column, default_currency) -%}
coalesce(nullif({{ column }}, ''), {{ default_currency }})
{%- endmacro %}

{#- Whether a control total's measure is money: rows and seconds are in no currency. -#}
{% macro is_money_measure(measure) -%}
({{ measure }} <> 'rows' and {{ measure }} not like '%_seconds')
{%- endmacro %}

{#- One entity's landed rows of a relation added up: rows, money and seconds, and the newest event, per file, contract
    and currency. -#}
{% macro entity_sums(entity_id, entity, relation) %}
    select
        rows_of_file._file_sha256 as file_sha256,
        rows_of_file._source as contract,
        '{{ entity_id }}' as entity_id,
        {% if entity.has_currency %}{{ total_currency('rows_of_file.currency', 'run.default_currency') }}{% else %}''{% endif %}
            as currency,
        count(*) as row_count,
        {%- for measure in entity.measures %}
        cast(coalesce(sum(rows_of_file.{{ measure }}), 0) as decimal(38, 4)) as {{ measure }},
        {%- endfor %}
        {{ newest_event(entity) }} as newest_event_at
    from {{ relation }} as rows_of_file
    cross join run
    group by all
{% endmacro %}

{#- The newest moment on or before the as-of date that an entity's columns speak of; NULL when none tells one. -#}
{% macro newest_event(entity) -%}
{%- set found = [] -%}
{%- for column in entity.moments -%}
    {%- do found.append("max(rows_of_file." ~ column ~ ") filter (where "
        ~ business_date('rows_of_file.' ~ column, 'run.business_timezone') ~ " <= run.as_of_date)") -%}
{%- endfor -%}
{%- for column in entity.days -%}
    {%- do found.append("max(" ~ start_of_day('rows_of_file.' ~ column, 'run.business_timezone')
        ~ ") filter (where rows_of_file." ~ column ~ " <= run.as_of_date)") -%}
{%- endfor -%}
{%- if not found -%}cast(null as timestamp)
{%- elif found | length == 1 -%}{{ found[0] }}
{%- else -%}greatest({{ found | join(', ') }})
{%- endif -%}
{%- endmacro %}

{#- A row's natural key in one text. -#}
{% macro row_key(key, relation) -%}
{%- for column in key -%}
coalesce(cast({{ relation }}.{{ column }} as varchar(1000)), '') {%- if not loop.last %} || ' · ' || {% endif -%}
{%- endfor -%}
{%- endmacro %}

{#- The columns of every landed entity that its exports fill, by the name of its raw table. -#}
{% macro raw_columns() -%}
{{ return(adapter.dispatch('raw_columns')() if execute else {}) }}
{%- endmacro %}

{#- In one query: asking for each table's columns takes dbt a second in all. -#}
{% macro duckdb__raw_columns() -%}
{%- set found = {} -%}
{%- set columns -%}
    select table_name, column_name from duckdb_columns()
    where schema_name = 'raw' and not starts_with(column_name, '_')
    order by table_name, column_index
{%- endset -%}
{%- for table, column in run_query(columns).rows -%}
    {%- do found.setdefault(table, []).append(column) -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}

{% macro spark__raw_columns() -%}
{%- set found = {} -%}
{%- for entity_id in landed_entities() -%}
    {%- set table = entity_id | replace('.', '_') -%}
    {%- for column in adapter.get_columns_in_relation(source('raw', table)) if not column.name.startswith('_') -%}
        {%- do found.setdefault(table, []).append(column.name) -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}

{#- What a landed row says, without where it came from: a JSON text of its entity's columns. -#}
{% macro row_content(columns, alias) -%}
{{ return(adapter.dispatch('row_content')(columns, alias)) }}
{%- endmacro %}

{% macro duckdb__row_content(columns, alias) -%}
cast(to_json(struct_pack({% for column in columns %}{{ column }} := {{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})) as varchar)
{%- endmacro %}

{% macro spark__row_content(columns, alias) -%}
to_json(struct({% for column in columns %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %}))
{%- endmacro %}
