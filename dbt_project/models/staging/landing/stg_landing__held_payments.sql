-- Grain: one row per rejection of a payment's row. What landing wrote is clean already.
select
    rejects.system,
    rejects.row_text,
    rejects.file_sha256,
    rejects.contract,
    rejects.part,
    rejects.line,
    row_number() over (
        partition by rejects.file_sha256, rejects.contract, rejects.part, rejects.line
        order by rejects.column_name, rejects.value, rejects.code
    ) as rejection_number
from {{ source('raw', 'landing_held_payments') }} as rejects
