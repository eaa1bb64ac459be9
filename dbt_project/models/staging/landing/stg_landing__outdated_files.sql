-- Grain: one row per landed file, contract and entity that a newer full export has replaced, with the moment from which its
-- rows are gone unless a newer file holds them too.
with files as (
    select
        *,
        domain || '_' || entity as raw_table
    from {{ source('raw', 'landing_whole_files') }}
),

whole_exports as (
    select * from {{ ref('stg_landing__full_exports') }} where is_whole
)

select
    files.file_sha256,
    files.contract,
    files.raw_table,
    files.export,
    min(whole_exports.known_at) as vanished_at
from files
inner join whole_exports
    on files.contract = whole_exports.contract
    and files.system = whole_exports.system
    and files.raw_table = whole_exports.raw_table
    and files.known_at < whole_exports.known_at
group by files.file_sha256, files.contract, files.raw_table, files.export
