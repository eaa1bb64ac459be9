-- Grain: one row per file, entity, source system, measure and currency. What landing wrote is clean already.
-- Of a list its version now counts.
select totals.*
from {{ source('raw', 'landing_totals') }} as totals
semi join {{ source('raw', 'landing_files') }} as files on totals.file_sha256 = files.file_sha256
