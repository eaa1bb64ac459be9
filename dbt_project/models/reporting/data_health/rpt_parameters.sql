-- Grain: one row per parameter, with the value that counts and where it is from.
select
    parameter,
    value,
    default_value,
    unit,
    meaning,
    origin,
    default_origin,
    is_own,
    _file,
    _row
from {{ ref('parameters') }}
