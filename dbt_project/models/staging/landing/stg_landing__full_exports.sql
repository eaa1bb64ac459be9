-- Grain: one row per export of all that a system has of an entity: the files of one contract that came with one refresh.
-- A contract says whether an export is full, or holds all that is open (`export: open_items`, of which only documents
-- that are gone tell something). One that holds much less than the one before it may be a part (`is_whole` is false): it
-- is no evidence that the rest is gone.
with files as (
    select
        *,
        domain || '_' || entity as raw_table
    from {{ source('raw', 'landing_whole_files') }}
    where export = 'full' or (export = 'open_items' and domain || '.' || entity = 'billing.invoices')
),

exports as (
    select
        contract,
        system,
        raw_table,
        export,
        known_at,
        max(file) as file,
        max(file_sha256) as file_sha256,
        sum(rows_read) as rows_read
    from files
    group by contract, system, raw_table, export, known_at
),

compared as (
    select
        *,
        lag(rows_read) over (partition by contract, system, raw_table order by known_at) as rows_before
    from exports
)

select
    *,
    rows_before is null or rows_read >= rows_before * {{ parameter('full_export_least_share') }} as is_whole
from compared
