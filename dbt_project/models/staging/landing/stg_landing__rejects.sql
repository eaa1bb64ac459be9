-- Grain: one row per rejected row of the files that count: of a list its version now. What landing wrote is clean already.
select rejects.*
from {{ source('raw', 'landing_rejects') }} as rejects
semi join {{ source('raw', 'landing_files') }} as files on rejects.file_sha256 = files.file_sha256
