-- Grain: one row a source system and customer_id; the newest version of each.
with newest as (
    {{ newest_version('billing_customers', ['customer_id']) }}
)

select
    customer_id,
    name,
    email,
    phone,
    tax_id,
    address,
    city,
    postal_code,
    country,
    currency,
    payment_terms_days,
    credit_limit,
    parent_customer_id,
    account_id,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
