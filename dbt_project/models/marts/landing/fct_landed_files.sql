-- Grain: one row per landed file, contract and entity: rows read, loaded, rejected, and how many of the loaded have a newer
-- version since. What landing wrote is clean already.
with files as (
    select * from {{ source('raw', 'landing_files') }}
),

current_rows as (
    select
        file_sha256,
        contract,
        domain,
        entity,
        sum(current_total) as rows_current,
        max(newest_event_at) as newest_event_at
    from {{ ref('int_landed_totals') }}
    where measure = 'rows'
    group by file_sha256, contract, domain, entity
)

select
    files.file_sha256,
    files.contract,
    files.domain,
    files.entity,
    files.system,
    files.file,
    files.export,
    files.rows_read,
    files.rows_loaded,
    files.rows_rejected,
    cast(coalesce(files.raw_bytes, 0) as bigint) as raw_bytes,
    cast(coalesce(current_rows.rows_current, 0) as bigint) as rows_current,
    cast(files.rows_loaded - coalesce(current_rows.rows_current, 0) as bigint) as rows_superseded,
    current_rows.newest_event_at,
    files.landed_at,
    files.known_at
from files
left join current_rows
    on files.file_sha256 = current_rows.file_sha256
    and files.contract = current_rows.contract
    and files.domain = current_rows.domain
    and files.entity = current_rows.entity
