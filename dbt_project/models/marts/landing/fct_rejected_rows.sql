-- Grain: one row per rejected row of a landed file, with the column that could not be read and the row's own text.
select
    file_sha256,
    contract,
    domain,
    entity,
    system,
    file,
    part,
    column_name,
    value,
    reason,
    field,
    expected,
    found,
    least,
    most,
    other_columns,
    row_text,
    line,
    other_line,
    rejection_number,
    landed_at
from {{ ref('stg_landing__rejects') }}
