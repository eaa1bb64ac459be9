-- Grain: one row per rejection of the files that count: of a list its version now. A line that feeds an entity twice may be
-- rejected twice (`rejection_number`). What landing wrote is clean already; where a file of before codes was landed, the
-- reason is `other`, and what was found its sentence.
select
    rejects.file_sha256,
    rejects.contract,
    rejects.domain,
    rejects.entity,
    rejects.system,
    rejects.file,
    rejects.part,
    rejects.column_name,
    rejects.value,
    coalesce(rejects.code, 'other') as reason,
    rejects.field,
    rejects.expected,
    coalesce(rejects.found, rejects.reason) as found,
    rejects.least,
    rejects.most,
    rejects.other_columns,
    rejects.row_text,
    rejects.line,
    rejects.other_line,
    rejects.landed_at,
    row_number() over (
        partition by rejects.file_sha256, rejects.contract, rejects.domain, rejects.entity, rejects.part, rejects.line
        order by rejects.column_name, rejects.value, rejects.code, rejects.reason
    ) as rejection_number
from {{ source('raw', 'landing_rejects') }} as rejects
semi join {{ source('raw', 'landing_files') }} as files on rejects.file_sha256 = files.file_sha256
