-- Grain: one row per rejection of the files that count: of a list its version now. A line that feeds an entity twice may be
-- rejected twice (`rejection_number`). What landing wrote is clean already.
select
    rejects.*,
    row_number() over (
        partition by rejects.file_sha256, rejects.contract, rejects.domain, rejects.entity, rejects.part, rejects.line
        order by rejects.column_name, rejects.value, rejects.reason
    ) as rejection_number
from {{ source('raw', 'landing_rejects') }} as rejects
semi join {{ source('raw', 'landing_files') }} as files on rejects.file_sha256 = files.file_sha256
