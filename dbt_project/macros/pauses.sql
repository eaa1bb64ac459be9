{#- Of days on which something was told (a relation of `keys` and `told_on`, each day once) how long it was quiet before
    each, `pause_days`, and that pause's place among its like, the shortest first. -#}
{% macro placed_pauses(relation, keys) %}
    select
        *,
        row_number() over (partition by {{ keys | join(', ') }} order by pause_days, told_on) as pause_place,
        count(pause_days) over (partition by {{ keys | join(', ') }}) as pauses
    from (
        select
            *,
            {{ days_from('lag(told_on) over (partition by ' ~ keys | join(', ') ~ ' order by told_on)', 'told_on') }}
                as pause_days
        from {{ relation }}
    ) as paused
{% endmacro %}

{#- The pause, in days, that feed_pause_share of a group of `placed_pauses` were no longer than; NULL of too few. -#}
{% macro usual_pause() -%}
max(pause_days) filter (where pause_place <= {{ parameter('feed_pause_share') }} * pauses)
{%- endmacro %}
