{#- Seconds from the earlier to the later moment, with their fractions, as durations in call exports have them. -#}
{% macro exact_seconds_between(earlier, later) -%}
cast(epoch({{ later }}) - epoch({{ earlier }}) as decimal(18, 3))
{%- endmacro %}

{#- The moment that lies some seconds after another, to the microsecond. -#}
{% macro seconds_after(moment, seconds) -%}
{{ moment }} + to_seconds(cast({{ seconds }} as double))
{%- endmacro %}

{#- The last value of a window that is not NULL; an `over (…)` follows. -#}
{% macro last_known(expression) -%}
last_value({{ expression }} ignore nulls)
{%- endmacro %}

{#- Whether an inbound conversation counts in the answer rate (K3): answered or missed, a voicemail where the parameter says
    so; neither abandoned nor failed. -#}
{% macro is_offered(calls) -%}
({{ calls }}.status in ('answered', 'missed')
    or ({{ calls }}.status = 'voicemail' and {{ parameter('voicemail_is_missed') }} = 1))
{%- endmacro %}

{#- A source by which its spellings meet; `unknown` where nothing is said. -#}
{% macro source_key(source) -%}
coalesce(nullif(lower(trim({{ source }})), ''), 'unknown')
{%- endmacro %}

{#- The day of a sale, whose touches are those before it (K21): of a deal, and of what happened to an invoice, with its deal. -#}
{% macro deal_sold_on(deals) -%}
coalesce({{ deals }}.created_on, {{ deals }}.closed_on)
{%- endmacro %}
{% macro event_sold_on(events, deals) -%}
coalesce({{ deals }}.created_on, {{ events }}.issued_on, {{ events }}.event_date)
{%- endmacro %}

{#- Whether a word of `texts` says that a call or an e-mail was for `purpose`, by the seed activity_purposes. -#}
{% macro tells_of(purpose, texts) -%}
exists (
            select 1
            from {{ ref('activity_purposes') }} as purposes
            where purposes.purpose = '{{ purpose }}'
                and ' ' || {{ normalised_words("concat_ws(' ', " ~ texts ~ ")") }} || ' ' like '% ' || purposes.word || ' %'
        )
{%- endmacro %}

{#- The median of waits of rows for which the condition `among` holds; one that never ended is the longest of all, so that a
    median that falls on such a one is not known rather than too short (K5). -#}
{% macro censored_median(minutes, among) -%}
{%- set middle = 'median(coalesce(cast(' ~ minutes ~ ' as double), 1e300)) filter (where ' ~ among ~ ')' -%}
case when {{ middle }} < 1e200 then {{ middle }} end
{%- endmacro %}

{#- What the service level is made of, by `keys` (K19, K20), of the relation `placed` (status, is_wait_unknown, is_in_time and
    is_out_of_hours beside the keys): counts, what the level is a share of, the level and its goal. A parameter says whether those who gave up
    later count, and one whether a voicemail is a missed call; `unserved` are other statuses of who was not served. -#}
{% macro service_counted(keys, unserved=[]) -%}
counted as (
    select
        {{ keys | join(',
        ') }},
        count(*) as inbound,
        count(*) filter (where is_out_of_hours) as out_of_hours,
        count(*) filter (where not is_out_of_hours) as offered,
        {%- for status in ['answered', 'missed', 'abandoned', 'voicemail', 'failed', 'unknown'] + unserved %}
        count(*) filter (where status = '{{ status }}' and not is_out_of_hours) as {{ status }},
        {%- endfor %}
        count(*) filter (where status = 'answered' and is_wait_unknown and not is_out_of_hours) as unknown_wait,
        count(*) filter (where status = 'answered' and is_in_time and not is_out_of_hours) as in_time,
        count(wait_seconds) filter (where status = 'answered') as waits_told,
        sum(wait_seconds) filter (where status = 'answered') as answer_seconds
    from placed
    group by {{ keys | join(', ') }}
),

judged as (
    select
        *,
        case when unknown + unknown_wait = 0 then in_time end as answered_in_time,
        case
            when unknown + unknown_wait = 0
                then answered
                    + case
                        when {{ parameter('service_level_counts_abandoned') }} = 1 then {{ (['missed'] + unserved) | join(' + ') }}
                        else 0
                    end
                    + case when {{ parameter('voicemail_is_missed') }} = 1 then voicemail else 0 end
        end as service_calls
    from counted
),

levels as (
    select
        *,
        cast(answered_in_time as double) / nullif(service_calls, 0) as service_level,
        cast({{ parameter('service_level_goal') }} as double) as service_level_goal,
        cast(answered_in_time as double) / nullif(service_calls, 0) >= {{ parameter('service_level_goal') }} as is_goal_met
    from judged
)
{%- endmacro %}
