-- Grain: one row something that ends: a signed contract or addendum with a last day, or a subscription that was ended (C12). It is
-- renewed when a signed one of its account (of a subscription, of the same product too, or a contract) begins about its last
-- day, from renewal_overlap_days before until renewal_grace_days after it, and ends later or not at all: one that began
-- earlier runs beside it. One that nobody signed is an offer: it renews nothing, was never in force and can't be renewed.
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id from {{ ref('dim_accounts') }} where is_named
),

documents as (
    select documents.*, coalesce(documents.starts_on, documents.signed_on, documents.sent_on) as begins_on
    from {{ ref('fct_documents') }} as documents
    inner join accounts on documents.account_id = accounts.account_id
    where documents.document_type in ('contract', 'addendum')
),

subscriptions as (
    select subscriptions.*
    from {{ ref('fct_subscriptions') }} as subscriptions
    inner join accounts on subscriptions.account_id = accounts.account_id
    where subscriptions.started_on is not null
),

terms as (
    select
        documents.document_id as term_id,
        documents.document_type as term_kind,
        documents.account_id,
        documents.document_number as term_number,
        cast(null as varchar) as product_id,
        documents.currency,
        documents.amount,
        documents.is_signed,
        documents.begins_on as starts_on,
        documents.ends_on,
        documents._source,
        documents._file,
        documents._file_sha256,
        documents._row
    from documents
    union all
    select
        subscription_id,
        'subscription',
        account_id,
        subscription_id,
        product_id,
        currency,
        monthly_amount,
        true,
        started_on,
        ended_on,
        _source,
        _file,
        _file_sha256,
        _row
    from subscriptions
),

-- Terms of one account are few: each is held against the others.
followed as (
    select
        terms.term_id,
        min(later.starts_on) filter (where coalesce(later.is_signed, true)) as renewed_from,
        {{ last_by(
            'later.term_id', days_from('later.starts_on', "cast('9999-12-31' as date)"), 'later.term_id',
            among='coalesce(later.is_signed, true)'
        ) }} as renewed_by,
        count(*) filter (where not later.is_signed) as offers
    from terms
    inner join terms as later
        on terms.account_id = later.account_id
        and terms.term_id <> later.term_id
        and later.starts_on > terms.starts_on
        and coalesce(later.ends_on, {{ end_of_time() }}) > terms.ends_on
        and later.starts_on >= {{ plus_days('terms.ends_on', '-' ~ parameter('renewal_overlap_days')) }}
        and later.starts_on <= {{ plus_days('terms.ends_on', parameter('renewal_grace_days')) }}
    where terms.term_kind <> 'subscription' and later.term_kind <> 'subscription'
        or terms.term_kind = 'subscription' and (later.term_kind <> 'subscription' or terms.product_id = later.product_id)
    group by terms.term_id
),

-- What the account brought in the 12 months up to the as-of date, or to the last day where that lies before it.
revenue as (
    select
        terms.term_id,
        sum(invoices.revenue_amount_base) as amount,
        count(*) filter (where invoices.revenue_amount <> 0 and invoices.revenue_amount_base is null)
            as missing_rate_count
    from terms
    cross join run
    inner join {{ ref('fct_invoices') }} as invoices
        on terms.account_id = invoices.account_id
        and invoices.issued_on <= {{ least_known('terms.ends_on', 'run.as_of_date') }}
        and invoices.issued_on > {{ year_before(least_known('terms.ends_on', 'run.as_of_date')) }}
    where not invoices.is_void and not invoices.is_draft
    group by terms.term_id
)

select
    terms.term_id,
    terms.term_kind,
    terms.account_id,
    terms.term_number,
    terms.product_id,
    run.base_currency,
    followed.renewed_by,
    case
        when followed.renewed_from is not null then 'renewed'
        when {{ plus_days('terms.ends_on', parameter('renewal_grace_days')) }} < run.as_of_date then 'lapsed'
        when followed.offers > 0 then 'offered'
        when terms.ends_on < run.as_of_date then 'in_grace'
        else 'to_renew'
    end as state,
    terms.currency,
    {{ money('terms.amount') }} as amount,
    {{ money(known_amount('revenue.amount', 'revenue.missing_rate_count')) }} as revenue_12m,
    cast(coalesce(revenue.missing_rate_count, 0) as bigint) as missing_rate_count,
    terms.is_signed,
    coalesce(followed.renewed_from is not null, false) as is_renewed,
    terms.starts_on,
    terms.ends_on,
    followed.renewed_from,
    terms._source,
    terms._file,
    terms._file_sha256,
    terms._row
from terms
cross join run
left join followed on terms.term_id = followed.term_id
left join revenue on terms.term_id = revenue.term_id
where terms.ends_on is not null and coalesce(terms.is_signed, true)
