-- Grain: one row per name of a source that the home's list says is another's: the key of the name, that of the source, and how
-- the source is to be shown. Of a name that stands in several rows the last one counts.
select
    {{ source_key('name') }} as name_key,
    {{ source_key('source') }} as source_key,
    trim(source) as source
from {{ ref('stg_lists__source_names') }}
where trim(name) <> '' and trim(source) <> ''
qualify row_number() over (partition by {{ source_key('name') }} order by _row desc) = 1
