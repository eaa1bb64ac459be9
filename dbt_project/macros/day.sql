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
        select 1 from ({{ not_begun(whole_id, keep_vanished=true) }}) as whole
        where whole._system = {{ relation }}._system
            and whole.{{ landed_entities()[whole_id].key[0] }} = {{ relation }}.{{ column }}
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

{#- The newest versions of an entity's rows that do not exist yet on the run's day: what staging leaves out. Versions of
    the few rows that may be such ones are taken out first: each mention of a raw table opens its files again. -#}
{% macro not_begun(entity_id, keep_vanished=false) -%}
{%- set entity = landed_entities()[entity_id] -%}
{%- set relation = source('raw', entity_id | replace('.', '_')) -%}
{%- set key = ['_system'] + entity.key -%}
with later_versions as materialized (
    select versions.* from {{ relation }} as versions
    semi join (
        select later.{{ key | join(', later.') }}
        from {{ relation }} as later
        cross join {{ ref('int_run_dated') }} as run
        where not ({{ has_begun(entity, 'later') }})
    ) as keys
        on {% for column in key %}versions.{{ column }} = keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
)

select newest.*
from ({{ newest_version(entity_id, keep_vanished, 'later_versions') }}) as newest
cross join {{ ref('int_run_dated') }} as run
where not ({{ has_begun(entity, 'newest') }})
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

{#- The day of an entity's newest event that its own export could know of; `landed`, `known` and `settings` are given. -#}
{% macro newest_events_on(entity) -%}
{%- set found = [] -%}
{%- for column in entity.events -%}
    {%- set newest -%}
max(landed.{{ column }}) filter (where {{ is_event(entity, column) }} and not {{ is_unknowable(entity, column) }})
    {%- endset -%}
    {%- do found.append(
        business_date(newest, 'max(settings.business_timezone)') if column in entity.moments else newest
    ) -%}
{%- endfor -%}
{{ found[0] if found | length == 1 else greatest_known(*found) }}
{%- endmacro %}
