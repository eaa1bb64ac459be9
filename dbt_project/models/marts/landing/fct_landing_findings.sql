-- Grain: one row per finding about an export file, as a code and what it speaks of: why it, or a part of it, was held, or
-- what in it was odd; rows that a newer full export no longer holds, columns that are in an older export of the contract
-- and not in this one, documents that do not tell their tax or of which only what is open is listed, and dates that lie
-- after their own export.
-- What landing says of several of a file's entities is said once.
with said as (
    select distinct
        file_sha256,
        file,
        part,
        severity,
        code,
        {{ finding_facts({
            'contract': 'contract', 'column_name': 'column_name', 'name': 'name', 'said': 'said',
            'row_count': 'row_count', 'other_count': 'other_count', 'limit_count': 'limit_count'
        }) }}
    from {{ source('raw', 'landing_findings') }}
),

vanished as (
    select
        file_sha256,
        file,
        part,
        'note' as severity,
        'rows_vanished' as code,
        {{ finding_facts({'contract': 'contract', 'entity': "domain || '.' || entity", 'row_count': 'count(*)'}) }}
    from {{ ref('stg_landing__superseded_rows') }}
    where state = 'vanished'
    group by file_sha256, file, part, domain, entity, contract
),

-- What the contract's export had before and this one has not. What other contracts say of a row is nothing that it lacks.
kept as (
    select
        kept_columns.file_sha256,
        kept_columns.file,
        '' as part,
        'note' as severity,
        'column_kept' as code,
        {{ finding_facts({
            'contract': 'kept_columns.contract', 'entity': 'kept_columns.entity_id',
            'column_name': 'coalesce(min(missing.column_name), kept_columns.column_name)',
            'name': last_by('kept_columns.kept_file', 'kept_columns.kept_known_at', 'kept_columns.kept_file_sha256'),
            'row_count': 'sum(kept_columns.row_count)'
        }) }}
    from {{ ref('int_kept_columns') }} as kept_columns
    left join {{ ref('stg_landing__schema_events') }} as missing
        on kept_columns.file_sha256 = missing.file_sha256
        and kept_columns.contract = missing.contract
        and kept_columns.column_name = missing.target
        and missing.event = 'missing'
    where kept_columns.contract = kept_columns.kept_contract
    group by
        kept_columns.file_sha256,
        kept_columns.file,
        kept_columns.contract,
        kept_columns.entity_id,
        kept_columns.column_name
),

later as (
    select
        file_sha256,
        file,
        part,
        'note' as severity,
        'later_dates' as code,
        {{ finding_facts({
            'entity': 'entity_id', 'column_name': 'column_name', 'row_count': 'row_count', 'line': 'first_line',
            'last_line': 'case when row_count > 1 then last_line end', 'first_on': 'first_on',
            'last_on': 'case when last_on > first_on then last_on end'
        }) }}
    from {{ ref('stg_landing__later_dates') }}
),

-- Rates of one day from two systems, such as an average and a closing one.
two_rates as (
    select
        max(_file_sha256) as file_sha256,
        max(_file) as file,
        '' as part,
        'note' as severity,
        'two_rates' as code,
        {{ finding_facts({
            'name': 'currency', 'said': "string_agg(distinct _system, ', ' order by _system)", 'line': 'max(_row)',
            'row_count': 'count(*)', 'first_on': 'rate_date', 'lowest': 'min(rate)', 'highest': 'max(rate)'
        }) }}
    from {{ ref('stg_plan__fx_rates') }}
    group by currency, rate_date
    having count(distinct rate) > 1
),

-- Documents that say neither what they come to without tax nor how much tax is in them: all of it counts as revenue.
tax_not_told as (
    select
        _file_sha256 as file_sha256,
        max(_file) as file,
        '' as part,
        'note' as severity,
        'tax_not_told' as code,
        {{ finding_facts({
            'contract': 'max(_source)', 'entity': "'billing.invoices'", 'column_name': "'net_amount'", 'line': 'min(_row)',
            'last_line': 'case when count(*) > 1 then max(_row) end', 'row_count': 'count(*)'
        }) }}
    from {{ ref('stg_billing__invoices') }}
    where net_amount is null and tax_amount is null and gross_amount is not null
        and coalesce(status, 'issued') = 'issued'
    group by _file_sha256
),

open_lists as (
    select * from {{ ref('stg_landing__full_exports') }} where export = 'open_items' and raw_table = 'billing_invoices'
),

other_lists as (
    select distinct invoices._system as system
    from {{ ref('stg_billing__invoices') }} as invoices
    left join open_lists on invoices._source = open_lists.contract
    where open_lists.contract is null
),

-- Who has no other export of invoices: what was invoiced and paid before the first list is in none.
open_items_alone as (
    select
        {{ last_by('open_lists.file_sha256', 'open_lists.known_at', 'open_lists.file_sha256') }} as file_sha256,
        {{ last_by('open_lists.file', 'open_lists.known_at', 'open_lists.file_sha256') }} as file,
        '' as part,
        'note' as severity,
        'open_items_alone' as code,
        {{ finding_facts({
            'contract': 'open_lists.contract', 'entity': "'billing.invoices'", 'column_name': "'gross_amount'",
            'first_on': business_date('min(open_lists.known_at)', 'max(run.business_timezone)')
        }) }}
    from open_lists
    cross join {{ ref('int_run_dated') }} as run
    left join other_lists on open_lists.system = other_lists.system
    where other_lists.system is null
    group by open_lists.system, open_lists.contract
)

select * from said
union all
select * from open_items_alone
union all
select * from tax_not_told
union all
select * from two_rates
union all
select * from vanished
union all
select * from kept
union all
select * from later
