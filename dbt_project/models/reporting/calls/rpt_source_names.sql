-- Grain: one row per feed (calls, leads, costs) and name of a source in it, whatever its case: which source it is after the list
-- source_names, and whether what it cost meets what it brought (N1, N14).
with names as (
    select * from {{ ref('dim_source_names') }}
),

mentions as (
    select 'calls' as feed, source as name, source_key, started_on as told_on
    from {{ ref('fct_calls') }}
    where direction = 'inbound' and started_on is not null
    union all
    select 'leads', lead_source, source_key, created_on
    from {{ ref('fct_leads') }}
    union all
    select 'costs', source, source_key, spent_on
    from {{ ref('fct_channel_costs') }}
    where amount is not null
),

keyed as (
    select *, {{ source_key('name') }} as name_key from mentions
),

labels as (
    select source_key, min(source) as source from names group by source_key
),

used as (
    select
        feed,
        name_key,
        source_key,
        coalesce(min(nullif(trim(name), '')), name_key) as name,
        count(*) as uses,
        min(told_on) as first_on,
        max(told_on) as last_on
    from keyed
    where name_key <> 'unknown'
    group by feed, name_key, source_key
),

sides as (
    select source_key, bool_or(feed <> 'costs') as has_touches, bool_or(feed = 'costs') as has_cost from used group by source_key
),

costs as (
    select count(*) > 0 as are_told from used where feed = 'costs'
)

select
    used.feed,
    used.name_key,
    used.name,
    coalesce(labels.source, used.name) as source,
    cast(used.uses as bigint) as uses,
    names.name_key is not null as is_listed,
    case
        when sides.has_touches and sides.has_cost then 'joined'
        when sides.has_cost then 'cost_alone'
        when costs.are_told then 'touches_alone'
        else 'no_costs'
    end as state,
    used.first_on,
    used.last_on
from used
cross join costs
inner join sides on used.source_key = sides.source_key
left join names on used.name_key = names.name_key
left join labels on used.source_key = labels.source_key
