-- Grain: one row per parameter, with the value that counts.
with own as (
    select * from {{ ref('stg_lists__parameters') }}
),

defaults as (
    select * from {{ ref('parameter_defaults') }}
)

select
    defaults.parameter,
    coalesce(cast(own.value as double), defaults.value) as value,
    defaults.value as default_value,
    defaults.unit,
    defaults.meaning,
    case when own.parameter is null then defaults.origin else own.origin end as origin,
    defaults.origin as default_origin,
    own.parameter is not null as is_own,
    own._file,
    own._row
from defaults
left join own on defaults.parameter = own.parameter
