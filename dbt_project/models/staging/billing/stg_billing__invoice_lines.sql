-- Grain: one row a source system and line_id; the newest version of each.
with newest as (
    {{ newest_version('billing_invoice_lines', ['line_id']) }}
)

select
    line_id,
    invoice_id,
    product_id,
    description,
    quantity,
    unit_price,
    net_amount,
    tax_amount,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
