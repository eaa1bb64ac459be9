{#- The cut by the run's day: what of a row is known as of it, as pipelines/entities.yml declares it. Staging is cut and
    nothing else: below it no model looks at the day again to undo the future. -#}

{#- A staging model: the newest version of every row of an entity that exists on the run's day, with the dates that had
    not come yet left out. A row without a currency takes the run's default where the model asks for it. Rows that
    the newest full export does not hold are kept on request, with the day from which they are gone (`vanished_on`) and
    the kind of export (`vanished_from`). -#}
{% macro staged(entity_id, default_currency=false, keep_vanished=false) -%}
{%- set entity = landed_entities()[entity_id] -%}
with run as (
    select * from {{ ref('int_run_dated') }}
),

newest as (
    {{ newest_version(entity_id, keep_vanished) }}
)

select
    {%- for column in entity.columns %}
    {{ cut_column(entity, column, default_currency) }},
    {%- endfor %}
    {%- if keep_vanished %}
    {{ vanished_on() }} as vanished_on,
    case when {{ vanished_on() }} is not null then newest.vanished_from end as vanished_from,
    {%- endif %}
    newest._system,
    newest._source,
    newest._file,
    newest._file_sha256,
    newest._row,
    newest._loaded_at,
    newest._known_at,
    {{ kept_as_of(entity) }} as _kept
    {%- for column in entity.at_export %},
    case when {{ cut_value(entity, column) }} is not null then {{ said_at(column) }} end as {{ column }}_known_at
    {%- endfor %}
from newest
cross join run
where {{ has_begun(entity, 'newest') }}
{%- endmacro %}

{#- Whether a row of an entity exists on the run's day: since the first of its dates that it gives, or always, and not
    before what it is a part of. -#}
{% macro has_begun(entity, relation) -%}
{{ is_dated_by(entity, relation) }}
{%- for column, whole_id in entity.of.items() %}
    and not exists (
        select 1 from {{ ref('int_wholes_ahead') }} as whole
        where whole.entity_id = '{{ whole_id }}'
            and whole.system = {{ relation }}._system
            and whole.row_key = {{ relation }}.{{ column }}
    )
{%- endfor %}
{%- endmacro %}

{#- Whether a row's own dates say that it exists on the run's day. -#}
{% macro is_dated_by(entity, relation) -%}
coalesce({% for column in entity.since %}not {{ is_after(entity, column, relation) }}, {% endfor %}true)
{%- endmacro %}

{#- Whether a date of a row is after the run's day; NULL when the row gives none, or the run has no day. -#}
{% macro is_after(entity, column, relation) -%}
({{ relation }}.{{ column }} {{ '>= run.ends_at' if column in entity.moments else '> run.as_of_date' }})
{%- endmacro %}

{#- A column as it was on the run's day. -#}
{% macro cut_column(entity, column, default_currency=false) -%}
{%- set value = cut_value(entity, column, default_currency) -%}
{{ value if value == 'newest.' ~ column else value ~ ' as ' ~ column }}
{%- endmacro %}

{#- What a row keeps of older exports, of what was known on the run's day. -#}
{% macro kept_as_of(entity) -%}
case
        when cardinality(newest._kept) > 0
            then nullif(map_from_entries(list_filter(
                map_entries(newest._kept),
                lambda kept: case kept.key
                    {%- for column in entity.columns if cut_value(entity, column) != 'newest.' ~ column %}
                    when '{{ column }}' then {{ cut_value(entity, column) }} is not null
                    {%- endfor %}
                    when '' then false
                    else true
                end
            )), cast(map {} as {{ kept_type() }}))
    end
{%- endmacro %}

{#- The value of a column as it was on the run's day. -#}
{% macro cut_value(entity, column, default_currency=false) -%}
{%- set given = 'newest.' ~ column -%}
{%- if column == 'currency' and default_currency -%}{%- set given = currency_or_default(given) -%}{%- endif -%}
{%- set rules = [] -%}
{%- if column in entity.later -%}
    {%- do rules.append('when ' ~ is_after(entity, column, 'newest') ~ ' then null') -%}
{%- endif -%}
{%- if column in entity.at_export -%}
    {%- do rules.append('when run.as_of_date < ' ~ day_seen(said_at(column)) ~ ' then null') -%}
{%- endif -%}
{%- for dates in [entity.later, entity.until] -%}
    {%- for date, states in dates.items() if column in states -%}
        {%- set after = is_after(entity, date, 'newest') -%}
        {%- if states[column] is mapping -%}
            {%- for now, then in states[column].items() -%}
                {%- do rules.append('when ' ~ after ~ ' and ' ~ given ~ " = '" ~ now ~ "' then '" ~ then ~ "'") -%}
            {%- endfor -%}
        {%- else -%}
            {%- do rules.append('when ' ~ after ~ ' then ' ~ sql_literal(states[column])) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{%- if rules -%}
case {{ rules | join(' ') }} else {{ given }} end
{%- else -%}
{{ given }}
{%- endif -%}
{%- endmacro %}

{#- When a column of a newest version was said: with an older export, where the newest does not hold it. -#}
{% macro said_at(column) -%}
coalesce(newest._kept['{{ column }}'].known_at, newest._known_at)
{%- endmacro %}

{% macro sql_literal(value) -%}
{%- if value is none -%}null{%- elif value is string -%}'{{ value }}'{%- else -%}{{ value | lower }}{%- endif -%}
{%- endmacro %}

{#- The day from which a row is gone, because a newer full export does not hold it; NULL where that is after the run's
    day. -#}
{% macro vanished_on() -%}
{%- set day = day_seen('newest.vanished_at') -%}
case when {{ day }} <= run.as_of_date then {{ day }} end
{%- endmacro %}

{#- The day of which an export speaks: that of its moment, but no later than the newest event, so that what an export
    says stands on the newest day. -#}
{% macro day_seen(moment) -%}
{{ least_or_unknown(business_date(moment, 'run.business_timezone'), 'run.newest_event_on') }}
{%- endmacro %}

{#- The newest versions of the rows of some entities that do not exist yet on the run's day, which is what staging leaves out,
    of those that count: as CTEs of which the last is `rows_ahead`. The rule is that of `newest_version`, for all entities at
    once: there are few such rows, and a plan of one entity's takes longer than to look for them. `run` is given. -#}
{% macro rows_ahead(entity_ids, keep_vanished=[]) -%}
{%- set dates = landed_entities().values() | map(attribute='since') | map('length') | max -%}
{%- set wholes = landed_entities().values() | map(attribute='of') | map('length') | max -%}
{%- set measures = landed_entities().values() | map(attribute='measures') | map('length') | max -%}
{%- for entity_id in entity_ids -%}
{%- set entity = landed_entities()[entity_id] -%}
{%- set name = entity_id | replace('.', '_') -%}
{%- set relation = source('raw', name) -%}
{%- set key = ['_system'] + entity.key -%}
{{ name }}_ahead as (
    select
        '{{ entity_id }}' as entity_id,
        {{ row_key(entity.key, 'versions') }} as row_key,
        versions._system,
        versions.{{ version_columns() | join(', versions.') }},
        versions._source,
        versions._deleted,
        versions._replaces,
        {{ held_digest('versions') }} as held,
        {%- for place in range(measures) %}
        {%- set measure = entity.measures[place] %}
        struct_pack(
            measure := {{ "'" ~ measure ~ "'" if measure else 'cast(null as varchar(1))' }},
            is_held := {{ holds('versions', measure) if measure else 'false' }},
            total := cast({{ 'versions.' ~ measure if measure else 'null' }} as decimal(38, 4)),
            currency := {{ total_currency('versions.currency', 'run.default_currency') if entity.has_currency else "''" }},
            contract := versions._source,
            file_sha256 := versions._file_sha256
        ) as measure_{{ place }}{{ ',' if not loop.last }}
        {%- endfor %}
        {%- for place in range(dates) %},
        {%- if place < entity.since | length %}
        struct_pack(
            is_held := {{ holds('versions', entity.since[place]) }}, is_so := {{ is_after(entity, entity.since[place], 'versions') }}
        )
        {%- else %}
        struct_pack(is_held := false, is_so := cast(null as boolean))
        {%- endif %} as is_after_{{ place }}
        {%- endfor %}
        {%- set parts = entity.of | list %}
        {%- for place in range(wholes) %},
        {%- if place < parts | length %}
        struct_pack(is_held := {{ holds('versions', parts[place]) }}, is_so := whole_{{ place }}.row_key is not null)
        {%- else %}
        struct_pack(is_held := false, is_so := false)
        {%- endif %} as is_ahead_{{ place }}
        {%- endfor %}
    from {{ relation }} as versions
    cross join run
    {%- for column, whole_id in entity.of.items() %}
    left join {{ ref('int_wholes_ahead') }} as whole_{{ loop.index0 }}
        on whole_{{ loop.index0 }}.entity_id = '{{ whole_id }}'
        and versions._system = whole_{{ loop.index0 }}.system
        and versions.{{ column }} = whole_{{ loop.index0 }}.row_key
    {%- endfor %}
    semi join (
        select later.{{ key | join(', later.') }}
        from {{ relation }} as later
        cross join run
        where not ({{ has_begun(entity, 'later') }})
    ) as keys
        on {% for column in key %}versions.{{ column }} = keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
),

{% endfor -%}
versions_ahead as (
    {%- for entity_id in entity_ids %}
    select * from {{ entity_id | replace('.', '_') }}_ahead
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- What the newest version's file has no column for is as the newest one before it says that has.
newest_ahead as (
    select
        versions_ahead.*,
        min(held) over of_key <> max(held) over of_key as is_uneven
        {%- for place in range(dates) %},
        first_value(case when is_after_{{ place }}.is_held then is_after_{{ place }} end ignore nulls) over until_then as after_said_{{ place }}
        {%- endfor %}
        {%- for place in range(wholes) %},
        first_value(case when is_ahead_{{ place }}.is_held then is_ahead_{{ place }} end ignore nulls) over until_then as ahead_said_{{ place }}
        {%- endfor %}
        {%- for place in range(measures) %},
        first_value(case when measure_{{ place }}.is_held then measure_{{ place }} end ignore nulls) over until_then as measure_said_{{ place }}
        {%- endfor %}
    from versions_ahead
    window
        of_key as (partition by entity_id, _system, row_key),
        until_then as (
            partition by entity_id, _system, row_key
            order by {{ version_columns() | join(' desc, ') }} desc
            rows between current row and unbounded following
        )
    qualify rank() over (
        partition by entity_id, _system, row_key order by {{ version_columns() | join(' desc, ') }} desc
    ) = 1
),

rows_ahead as (
    select newest.*
    from newest_ahead as newest
    left join {{ ref('stg_landing__outdated_files') }} as outdated
        on outdated.raw_table = replace(newest.entity_id, '.', '_')
        and newest._source = outdated.contract
        and newest._file_sha256 = outdated.file_sha256
    left join {{ ref('int_newest_documents') }} as documents
        on documents.raw_table = replace(newest.entity_id, '.', '_')
        and newest._system = documents.system
        and newest._replaces = documents.document
        and {{ export_order('newest') }} < documents.export_order
    where documents.document is null
        and (
            newest.entity_id in ('{{ keep_vanished | join("', '") }}')
            or (outdated.file_sha256 is null and not coalesce(newest._deleted, false))
        )
        and (
            {%- for place in range(wholes) %}
            case when is_uneven and ahead_said_{{ place }} is not null then ahead_said_{{ place }}.is_so else is_ahead_{{ place }}.is_so end
            or {%- endfor %} coalesce(
                {%- for place in range(dates) %}
                case when is_uneven and after_said_{{ place }} is not null then after_said_{{ place }}.is_so else is_after_{{ place }}.is_so end,
                {%- endfor %}
                false
            )
        )
)
{%- endmacro %}

{#- The entities that others are parts of. -#}
{% macro whole_entities() -%}
{%- set found = [] -%}
{%- for entity in landed_entities().values() -%}{%- do found.extend(entity.of.values()) -%}{%- endfor -%}
{{ return(found | unique | sort) }}
{%- endmacro %}

{#- The moments at which rows of a raw table were known, with the day of each and its end. They are few. -#}
{% macro days_known(relation) -%}
select
    moments._known_at,
    {{ business_date('moments._known_at', 'settings.business_timezone') }} as known_on,
    {{ start_of_day(plus_days(business_date('moments._known_at', 'settings.business_timezone'), 1), 'settings.business_timezone') }}
        as ends_at
from (select distinct _known_at from {{ relation }}) as moments
cross join {{ source('raw', 'settings') }} as settings
{%- endmacro %}

{#- Whether a date of a landed row is an event by what the row says, be it before or after its export. -#}
{% macro is_event(entity, column) -%}
landed.{{ column }} is not null
{%- for said, values in entity.events[column].items() %}
 and coalesce(landed.{{ said }}, '') not in ('{{ values | join("', '") }}')
{%- endfor %}
{%- endmacro %}

{#- Whether a date of a landed row lies after the day on which the row was known. -#}
{% macro is_unknowable(entity, column) -%}
landed.{{ column }} {{ '>= known.ends_at' if column in entity.moments else '> known.known_on' }}
{%- endmacro %}

{#- The day of the newest of some dates of an entity that its own export could know of; `landed`, `known` and `settings`
    are given. -#}
{% macro newest_on(entity, dates) -%}
{%- set found = [] -%}
{%- for column in dates -%}
    {%- set newest -%}
max(landed.{{ column }}) filter (
            where {{ is_event(entity, column) if column in entity.events else 'landed.' ~ column ~ ' is not null' }}
                and not {{ is_unknowable(entity, column) }}
        )
    {%- endset -%}
    {%- do found.append(
        business_date(newest, 'max(settings.business_timezone)') if column in entity.moments else newest
    ) -%}
{%- endfor -%}
{{ found[0] if found | length == 1 else greatest_known(*found) }}
{%- endmacro %}
