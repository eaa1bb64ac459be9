-- Grain: one row per account, kind of terms (payment_terms_days, credit_limit) and stretch of days (valid_from ≤ D < valid_to;
-- NULL: since always, and still) in which it held. What the billing customer's record says holds always, as it is known now: no
-- export has a history of it. Else what a contract or addendum in force says holds until another one says something else:
-- business goes on by the last terms that were agreed.
with customers as (
    select * from {{ ref('int_billing_customers_described') }}
),

contracts as (
    select
        intervals.account_id,
        intervals.valid_from,
        documents.payment_terms_days,
        documents.credit_limit,
        documents.currency,
        documents.signed_at,
        intervals.document_id
    from {{ ref('fct_contract_intervals') }} as intervals
    inner join {{ ref('fct_documents') }} as documents on intervals.document_id = documents.document_id
),

{%- set kinds = ['payment_terms_days', 'credit_limit'] %}
terms_given as (
    {%- for kind in kinds %}
    select
        account_id,
        '{{ kind }}' as terms_kind,
        'customer' as rule,
        cast({{ kind }} as decimal(18, 4)) as value,
        credit_limit_currency as currency,
        cast(null as date) as valid_from,
        cast(null as timestamp with time zone) as signed_at,
        '' as document_id
    from customers
    where {{ kind }} is not null
    union all
    select
        account_id, '{{ kind }}', 'contract', cast({{ kind }} as decimal(18, 4)), currency, valid_from, signed_at, document_id
    from contracts
    where {{ kind }} is not null and account_id not in (select account_id from customers where {{ kind }} is not null)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Of several that begin on one day the one signed last.
newest as (
    select *
    from terms_given
    qualify row_number() over (
        partition by account_id, terms_kind, valid_from order by signed_at desc nulls last, document_id desc
    ) = 1
)

select
    account_id,
    terms_kind,
    rule,
    case when terms_kind = 'credit_limit' then currency end as currency,
    value,
    valid_from,
    lead(valid_from) over (partition by account_id, terms_kind order by valid_from nulls first) as valid_to
from newest
