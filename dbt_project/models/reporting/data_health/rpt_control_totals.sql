-- Grain: one row per landed file, contract, entity, measure (rows, a money column, seconds) and currency.
-- `loaded` is what is loaded and still current, `superseded` what the raw store holds beyond that, and `difference` what
-- of the file's own total neither these nor the rejected rows account for: zero, or the build does not publish.
with totals as (
    select * from {{ ref('stg_landing__totals') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

landed as (
    select * from {{ ref('int_landed_totals') }}
),

currencies as (
    {%- for entity_id, entity in landed_entities().items() %}
    select '{{ entity_id }}' as entity_id, {{ entity.has_currency }} as has_currency
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A file may feed one entity from several of its parts.
file_totals as (
    select
        totals.file_sha256,
        totals.contract,
        totals.domain,
        totals.entity,
        totals.measure,
        case
            when currencies.has_currency and {{ is_money_measure('totals.measure') }}
                then {{ total_currency('totals.currency', 'run.default_currency') }}
            else ''
        end as currency,
        max(totals.file) as file,
        sum(totals.file_total) as file_total,
        sum(totals.rejected) as rejected
    from totals
    cross join run
    inner join currencies on totals.domain || '.' || totals.entity = currencies.entity_id
    group by all
)

select
    file_totals.file_sha256,
    file_totals.file,
    file_totals.contract,
    file_totals.domain,
    file_totals.entity,
    file_totals.measure,
    file_totals.currency,
    cast(file_totals.file_total as decimal(38, 4)) as file_total,
    cast(coalesce(landed.current_total, 0) as decimal(38, 4)) as loaded,
    cast(file_totals.rejected as decimal(38, 4)) as rejected,
    cast(coalesce(landed.landed_total - landed.current_total, 0) as decimal(38, 4)) as superseded,
    cast(
        file_totals.file_total - file_totals.rejected - coalesce(landed.landed_total, 0) as decimal(38, 4)
    ) as difference
from file_totals
left join landed
    on file_totals.file_sha256 = landed.file_sha256
    and file_totals.contract = landed.contract
    and file_totals.domain = landed.domain
    and file_totals.entity = landed.entity
    and file_totals.measure = landed.measure
    and file_totals.currency = landed.currency
