-- Grain: one row a finding about an export file: why it, or a part of it, was held, or what in it was odd; rows that a
-- newer full export no longer holds, and a full export that is too small to tell.
with said as (
    select
        file_sha256,
        file,
        part,
        severity,
        message
    from {{ ref('stg_landing__findings') }}
),

vanished as (
    select
        file_sha256,
        file,
        part,
        'note' as severity,
        file || ': ' || cast(count(*) as varchar(20)) || ' rows of ' || domain || '.' || entity
        || ' are not in the newer full export (' || contract || ') and count no longer; rpt_superseded_rows lists them'
            as message
    from {{ ref('stg_landing__superseded_rows') }}
    where state = 'vanished'
    group by file_sha256, file, part, domain, entity, contract
),

too_small as (
    select
        file_sha256,
        file,
        '' as part,
        'note' as severity,
        file || ': a full export (' || contract || ') with ' || cast(rows_read as varchar(20)) || ' rows after one with '
        || cast(rows_before as varchar(20)) || ': nothing is taken as gone, because it may be a part; land the rest of it,'
        || ' or lower the parameter full_export_least_share' as message
    from {{ ref('stg_landing__full_exports') }}
    where not is_whole
)

select * from said
union all
select * from vanished
union all
select distinct * from too_small
