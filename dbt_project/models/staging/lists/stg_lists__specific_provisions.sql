-- Grain: one row of the list as it is now, specific provisions.
select
    row_id,
    account_id,
    invoice_id,
    rate,
    reason,
    valid_from,
    valid_to,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_specific_provisions') }}
