-- Grain: one row of the list as it is now, late interest rates.
select
    currency,
    percent_a_year,
    fee,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_late_interest_rates') }}
