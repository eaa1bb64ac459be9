-- Grain: one row a source system and product_id; the newest version of each.
with newest as (
    {{ newest_version('crm_products', ['product_id']) }}
)

select
    product_id,
    name,
    category,
    list_price,
    {{ currency_or_default() }} as currency,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
