-- Grain: one row of the list as it is now, product eligibility.
select
    row_id,
    segment,
    product_id,
    is_eligible,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_product_eligibility') }}
