-- Grain: one row of the list as it is now, rates of commission.
select
    row_id,
    plan,
    valid_from,
    employee_id,
    team,
    product_id,
    min_amount,
    rate,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_commission_plans') }}
