-- Every figure of a norm is made of records that can be opened, each with the line that it stands in; and no record counts for a
-- period that is not shown.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_team_norms'}}}) }}

with evidence as (
    select
        norm,
        employee_id,
        day,
        count(*) as records,
        count(*) filter (where _file is null or _row is null) as records_without_a_line
    from {{ ref('rpt_team_norm_evidence') }}
    group by norm, employee_id, day
)

select
    norms.norm,
    norms.employee_id,
    norms.day,
    norms.actual,
    norms.evidence_count,
    evidence.records
from {{ ref('rpt_team_norms') }} as norms
full join evidence
    on norms.norm = evidence.norm and norms.employee_id = evidence.employee_id and norms.day = evidence.day
where norms.norm is null
    or norms.evidence_count <> coalesce(evidence.records, 0)
    or norms.actual > norms.evidence_count
    or evidence.records_without_a_line > 0
