-- Grain: one row of the list as it is now, shares in deals.
select
    row_id,
    deal_id,
    employee_id,
    share,
    note,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_commission_shares') }}
