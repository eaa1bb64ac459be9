-- Grain: one row an account, as of the run's as-of date.
with run as (
    select * from {{ ref('dim_runs') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

states as (
    select * from {{ ref('fct_account_states') }}
),

balances as (
    select
        balances.account_id,
        sum(balances.open_amount_base) as open_amount,
        sum(balances.overdue_amount_base) as overdue_amount,
        sum(balances.unapplied_amount_base) as unapplied_amount,
        sum(balances.missing_rate_count) as missing_rate_count
    from {{ ref('fct_receivable_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
    group by balances.account_id
),

revenue as (
    select
        invoices.account_id,
        sum(invoices.revenue_amount_base) as revenue_12m,
        count(*) filter (where invoices.revenue_amount <> 0 and invoices.revenue_amount_base is null)
            as missing_rate_count
    from {{ ref('fct_invoices') }} as invoices
    cross join run
    where invoices.issued_on > {{ dbt.dateadd('month', -12, 'run.as_of_date') }}
        and invoices.issued_on <= run.as_of_date
    group by invoices.account_id
),

payments as (
    select
        payments.account_id,
        payments.received_on,
        sum(payments.amount_base) as amount_base,
        count(*) filter (where payments.amount_base is null) as missing_rate_count
    from {{ ref('fct_payments') }} as payments
    cross join run
    where payments.amount > 0 and payments.received_on <= run.as_of_date
    group by payments.account_id, payments.received_on
    qualify row_number() over (partition by payments.account_id order by payments.received_on desc) = 1
),

due as (
    select intervals.account_id, min(intervals.due_on) as next_due_on
    from {{ ref('fct_receivable_intervals') }} as intervals
    cross join run
    where intervals.open_amount > 0 and intervals.due_on >= run.as_of_date
        and intervals.valid_from <= run.as_of_date and intervals.valid_to > run.as_of_date
    group by intervals.account_id
),

acts as (
    select documents.account_id, max(documents.sent_on) as last_act_sent_on
    from {{ ref('fct_documents') }} as documents
    cross join run
    where documents.document_type = 'act' and documents.sent_on <= run.as_of_date
    group by documents.account_id
),

people as (
    select
        account_id,
        count(*) as contacts,
        count(coalesce(phone, mobile)) as phones,
        count(email) as emails
    from {{ ref('dim_contacts') }}
    where account_id is not null
    group by account_id
),

{#- The fields of the account card and what fills them; which of them are required is seeds/card_fields.csv. -#}
{%- set card = {
    'account_name': 'accounts.account_name is not null',
    'owner_id': 'accounts.owner_id is not null',
    'phone': 'accounts.phone is not null or people.phones > 0',
    'email': 'accounts.email is not null or people.emails > 0',
    'contact': 'people.contacts > 0',
    'tax_id': 'accounts.tax_id is not null',
    'country': 'accounts.country is not null',
    'industry': 'coalesce(accounts.industry, accounts.segment) is not null',
    'payment_terms_days': 'accounts.payment_terms_days is not null',
    'website': 'accounts.website is not null',
    'city': 'accounts.city is not null',
    'credit_limit': 'accounts.credit_limit is not null',
} %}
required as (
    select
        {%- for field in card %}
        count(*) filter (where field = '{{ field }}' and is_required) as {{ field }},
        {%- endfor %}
        count(*) filter (where is_required) as fields
    from {{ ref('card_fields') }}
),

filled as (
    select
        accounts.account_id,
        required.fields as required_fields,
        {%- for field, is_filled in card.items() %}
        {{ '+ ' if not loop.first }}case when {{ is_filled }} then required.{{ field }} else 0 end
        {%- endfor %}
        as required_fields_filled
    from accounts
    cross join required
    left join people on accounts.account_id = people.account_id
)

select
    accounts.account_id,
    accounts.parent_account_id,
    accounts.owner_id,
    accounts.system,
    accounts.account_name,
    employees.full_name as owner_name,
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
    states.status,
    accounts.crm_status,
    accounts.tier,
    states.usual_channel,
    run.base_currency,
    {{ money('coalesce(revenue.revenue_12m, 0)') }} as revenue_12m,
    {{ money('coalesce(balances.open_amount, 0)') }} as open_amount,
    {{ money('coalesce(balances.overdue_amount, 0)') }} as overdue_amount,
    {{ money('coalesce(balances.unapplied_amount, 0)') }} as unapplied_amount,
    {{ money('payments.amount_base') }} as last_payment_amount,
    {{ money('accounts.credit_limit') }} as credit_limit,
    cast(accounts.payment_terms_days as bigint) as payment_terms_days,
    cast(
        coalesce(balances.missing_rate_count, 0) + coalesce(revenue.missing_rate_count, 0)
        + coalesce(payments.missing_rate_count, 0) as bigint
    ) as missing_rate_count,
    cast(null as double) as health_score,
    {{ ratio('filled.required_fields_filled', 'filled.required_fields') }} as card_completeness,
    cast(states.days_silent as bigint) as days_since_contact,
    cast(null as boolean) as is_key_account,
    accounts.has_crm_record,
    accounts.has_billing_record,
    accounts.created_on,
    states.first_invoice_on,
    states.last_invoice_on,
    payments.received_on as last_payment_on,
    due.next_due_on,
    acts.last_act_sent_on,
    states.last_contact_on,
    run.as_of_date,
    accounts._source,
    accounts._file,
    accounts._file_sha256,
    accounts._row
from accounts
cross join run
inner join filled on accounts.account_id = filled.account_id
left join employees on accounts.owner_id = employees.employee_id
left join states on accounts.account_id = states.account_id
left join balances on accounts.account_id = balances.account_id
left join revenue on accounts.account_id = revenue.account_id
left join payments on accounts.account_id = payments.account_id
left join due on accounts.account_id = due.account_id
left join acts on accounts.account_id = acts.account_id
