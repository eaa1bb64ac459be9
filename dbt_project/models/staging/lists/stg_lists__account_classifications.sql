-- Grain: one row of the list as it is now, account classifications.
select
    row_id,
    account_id,
    scheme,
    class,
    action,
    classified_on,
    note,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_account_classifications') }}
