-- Grain: one row a finding about an export file.
select
    file_sha256,
    file,
    part,
    severity,
    message
from {{ ref('fct_landing_findings') }}
