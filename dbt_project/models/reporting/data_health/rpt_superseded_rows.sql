-- Grain: one row per version of a landed row that a newer export changed, or that its newest full export no longer holds.
select
    domain,
    entity,
    system,
    contract,
    row_key,
    state,
    content,
    file,
    part,
    newer_file,
    line,
    newer_line,
    known_at,
    superseded_at
from {{ ref('stg_landing__superseded_rows') }}
