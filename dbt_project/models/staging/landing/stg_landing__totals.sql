-- Grain: one row per file, contract, entity, source system, measure and currency, over all parts of the file (sheets, members
-- of an archive). Of a list its version now counts.
select
    totals.file_sha256,
    totals.contract,
    totals.domain,
    totals.entity,
    totals.system,
    totals.measure,
    totals.currency,
    any_value(totals.file) as file,
    cast(sum(totals.file_total) as decimal(38, 4)) as file_total,
    cast(sum(totals.loaded) as decimal(38, 4)) as loaded,
    cast(sum(totals.rejected) as decimal(38, 4)) as rejected
from {{ source('raw', 'landing_totals') }} as totals
semi join {{ source('raw', 'landing_files') }} as files on totals.file_sha256 = files.file_sha256
group by
    totals.file_sha256,
    totals.contract,
    totals.domain,
    totals.entity,
    totals.system,
    totals.measure,
    totals.currency
