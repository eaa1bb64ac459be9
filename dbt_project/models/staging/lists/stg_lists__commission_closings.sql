-- Grain: one row of the list as it is now, closed months of commission.
select
    row_id,
    month,
    employee_id,
    ledger,
    amount,
    closed_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_commission_closings') }}
