-- Grain: one row a finding about an export file: why it, or a part of it, was held, or what in it was odd.
select
    file_sha256,
    file,
    part,
    severity,
    message
from {{ ref('stg_landing__findings') }}
