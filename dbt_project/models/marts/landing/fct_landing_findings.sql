-- Grain: one row per finding about an export file: why it, or a part of it, was held, or what in it was odd; rows that a
-- newer full export no longer holds, a full export that is too small to tell, and dates that lie after their own export.
-- What landing says of several of a file's entities is said once.
with said as (
    select distinct
        file_sha256,
        file,
        part,
        severity,
        message
    from {{ source('raw', 'landing_findings') }}
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
),

later as (
    select
        file_sha256,
        file,
        part,
        'note' as severity,
        file || ', line ' || cast(first_line as varchar(20))
        || case when row_count > 1 then ' to ' || cast(last_line as varchar(20)) else '' end
        || ': ' || column_name || ' of ' || cast(row_count as varchar(20)) || ' rows of ' || entity_id
        || ' lies after the export itself (' || cast(first_on as varchar(10))
        || case when last_on > first_on then ' to ' || cast(last_on as varchar(10)) else '' end
        || '); it does not move the as-of date, and counts from that day on' as message
    from {{ ref('stg_landing__later_dates') }}
),

-- Rates of one day from two systems, such as an average and a closing one.
two_rates as (
    select
        max(_file_sha256) as file_sha256,
        max(_file) as file,
        '' as part,
        'note' as severity,
        max(_file) || ', line ' || cast(max(_row) as varchar(20)) || ': ' || currency || ' has ' || cast(count(*) as varchar(20))
        || ' rates for ' || cast(rate_date as varchar(10)) || ' (' || string_agg(distinct _system, ', ' order by _system)
        || '): the lowest and highest are ' || cast(min(rate) as varchar(30)) || ' and ' || cast(max(rate) as varchar(30))
        || '; only one of them is used' as message
    from {{ ref('stg_plan__fx_rates') }}
    group by currency, rate_date
    having count(distinct rate) > 1
)

select * from said
union all
select * from two_rates
union all
select * from vanished
union all
select distinct * from too_small
union all
select * from later
