{#- Points of a component of the worklist's score, with one decimal: a share from 0 to 1 times its weight. -#}
{% macro points(expression) -%}
cast({{ expression }} as decimal(9, 1))
{%- endmacro %}

{#- Why an account stands on the worklist where it does: the codes of the components that carry points. What they speak of
    are columns of the row. -#}
{% macro worklist_reasons(row) -%}
concat_ws(
        ',',
        case when {{ row }}.can_be_asked = 1 then 'owes' end,
        case when {{ row }}.oldest_collectible_days > 0 then 'late' end,
        case
            when {{ row }}.habit_points > 0 and {{ row }}.usual_delay_days >= 1 then 'pays_late'
            when {{ row }}.habit_points > 0 then 'pays_on_time'
        end,
        case
            when {{ row }}.days_silent is null then 'no_contact'
            when {{ row }}.days_silent = 0 then 'contact_today'
            else 'last_contact'
        end,
        case
            when {{ row }}.promise_points < 0 then 'promise_awaited'
            when {{ row }}.promise_points > 0 and {{ row }}.is_promise_kept_late then 'promise_kept_late'
            when {{ row }}.promise_points > 0 and {{ row }}.last_promise_state = 'broken' then 'promise_broken'
            when {{ row }}.promise_points > 0 then 'promise_kept_in_part'
        end,
        case when {{ row }}.disputed_amount > 0 then 'disputed' end,
        case when {{ row }}.missing_rate_count > 0 then 'rate_missing' end
    )
{%- endmacro %}
