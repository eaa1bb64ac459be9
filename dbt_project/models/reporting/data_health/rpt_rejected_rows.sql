-- Grain: one row per rejected row.
select
    file_sha256,
    file,
    part,
    contract,
    domain,
    entity,
    line,
    rejection_number,
    column_name,
    value,
    reason,
    field,
    expected,
    found,
    least,
    most,
    other_columns,
    other_line,
    row_text,
    landed_at
from {{ ref('stg_landing__rejects') }}
