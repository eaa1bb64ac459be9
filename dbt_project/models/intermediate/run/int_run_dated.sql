-- Grain: one row, the run. Its as-of date is the asked one, else the day of the newest event that its own export could
-- know of: a date after the day on which its row was known is no event, whatever it says, and moves nothing
-- (stg_landing__later_dates). Which dates are events stands in pipelines/entities.yml: due dates, plans and drafts are none.
-- A subscription, a person or a hand-over may begin later than anything that has happened; where nothing else was exported
-- the newest of such plans gives the day.
-- Read from raw, because staging is cut by this day.
with run as (
    select * from {{ source('raw', 'run') }}
),

settings as (
    select * from {{ source('raw', 'settings') }}
),

{%- for entity_id, entity in landed_entities().items() if entity.events or entity.plans %}
{%- set table = entity_id | replace('.', '_') %}
{%- set relation = source('raw', entity_id | replace('.', '_')) %}

{{ table }}_newest as (
    select
        {{ newest_on(entity, entity.events) if entity.events else 'cast(null as date)' }} as newest_on,
        {{ newest_on(entity, entity.plans) if entity.plans else 'cast(null as date)' }} as planned_on
    from {{ relation }} as landed
    inner join ({{ days_known(relation) }}) as known on landed._known_at = known._known_at
    cross join settings
),
{%- endfor %}

newest as (
    {%- for entity_id, entity in landed_entities().items() if entity.events or entity.plans %}
    select newest_on, planned_on from {{ entity_id | replace('.', '_') }}_newest
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

dated as (
    select
        run.*,
        settings.*,
        (select coalesce(max(newest_on), max(planned_on)) from newest) as newest_event_on
    from run
    cross join settings
)

select
    base_currency,
    default_currency,
    business_timezone,
    default_country,
    fx_max_age_days,
    fiscal_year_first_month,
    known_at,
    newest_event_on,
    coalesce(as_of_date, newest_event_on) as as_of_date,
    {{ month_of('coalesce(as_of_date, newest_event_on)') }} as as_of_month,
    {{ start_of_day(plus_days('coalesce(as_of_date, newest_event_on)', 1), 'business_timezone') }} as ends_at
from dated
