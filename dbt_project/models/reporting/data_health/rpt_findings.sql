-- Grain: one row per page of the dashboards and kind of finding that touches what it shows: how many there are. Which kinds
-- touch which page stands in the seed finding_pages.
with receivables as (
    select
        'receivables' as finding_source,
        reason as touches,
        reason as finding,
        count(*) as findings
    from {{ ref('rpt_receivable_findings') }}
    group by reason
),

figures as (
    select
        'figures' as finding_source,
        table_name as touches,
        column_name as finding,
        count(*) as findings
    from {{ ref('rpt_plausibility') }}
    group by table_name, column_name
),

-- A file's domain is that of what was read of it; of one that was held, nobody knows it.
file_domains as (
    select distinct file_sha256, domain from {{ ref('rpt_control_totals') }}
),

files as (
    select
        'files' as finding_source,
        coalesce(
            split_part(landing.entity, '.', 1),
            file_domains.domain,
            case when landing.file_sha256 is null then 'lists' end,
            'not_known'
        ) as touches,
        landing.code as finding,
        count(*) as findings
    from {{ ref('rpt_landing_findings') }} as landing
    left join file_domains on landing.file_sha256 = file_domains.file_sha256
    group by 2, landing.code
),

found as (
    select * from receivables
    union all
    select * from figures
    union all
    select * from files
)

select distinct
    pages.page,
    found.finding_source,
    found.touches,
    found.finding,
    cast(found.findings as bigint) as findings
from found
inner join {{ ref('finding_pages') }} as pages
    on found.finding_source = pages.finding_source and pages.touches in (found.touches, '*')
