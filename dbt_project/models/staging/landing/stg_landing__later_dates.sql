-- Grain: one row a file, entity and date column in which newest versions of rows have dates later than the day on which
-- the file was known: what an export cannot know of. Such a date moves nothing and counts from its own day on. Drafts,
-- plans and due dates are none (pipelines/entities.yml).
with settings as (
    select * from {{ source('raw', 'settings') }}
),

superseded as (
    select * from {{ ref('stg_landing__superseded_rows') }}
),

{%- for entity_id, entity in landed_entities().items() if entity.events %}
{%- set table = entity_id | replace('.', '_') %}
{%- set relation = source('raw', table) %}

{{ table }}_later as (
    {%- for column in entity.events %}
    select
        '{{ entity_id }}' as entity_id,
        '{{ column }}' as column_name,
        landed._file_sha256,
        landed._file,
        landed._part,
        landed._row,
        {% if column in entity.moments -%}
        {{ business_date('landed.' ~ column, 'settings.business_timezone') }}
        {%- else -%}
        landed.{{ column }}
        {%- endif %} as later_on
    from {{ relation }} as landed
    inner join ({{ days_known(relation) }}) as known on landed._known_at = known._known_at
    cross join settings
    where {{ is_event(entity, column) }} and {{ is_unknowable(entity, column) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- endfor %}

later as (
    {%- for entity_id, entity in landed_entities().items() if entity.events %}
    select * from {{ entity_id | replace('.', '_') }}_later
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select later.*
    from later
    left join superseded
        on later.entity_id = superseded.domain || '.' || superseded.entity
        and later._file_sha256 = superseded.file_sha256
        and later._part is not distinct from superseded.part
        and later._row = superseded.line
    where superseded.file_sha256 is null
)

select
    _file_sha256 as file_sha256,
    _file as file,
    coalesce(_part, '') as part,
    entity_id,
    column_name,
    count(*) as row_count,
    min(_row) as first_line,
    max(_row) as last_line,
    min(later_on) as first_on,
    max(later_on) as last_on
from counted
group by all
