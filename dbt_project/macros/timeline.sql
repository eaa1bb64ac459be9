{#- One kind of event of rpt_account_timeline, from a relation of that model. Every argument is an expression; what an
    event does not have is NULL. -#}
{% macro timeline_event(relation, id, group, type, title, on, at='null', employee='null', currency='null', amount='null',
    two_way='null', state='null', stage='null', direction='null', channel='null', level='null', promised_for='null',
    where='true') -%}
select
        {{ id }} as event_id,
        account_id,
        cast({{ employee }} as varchar) as employee_id,
        '{{ group }}' as event_group,
        {{ type }} as event_type,
        cast({{ title }} as varchar) as title,
        cast({{ state }} as varchar) as state,
        cast({{ stage }} as varchar) as stage,
        cast({{ direction }} as varchar) as direction,
        cast({{ channel }} as varchar) as channel,
        cast({{ level }} as bigint) as reminder_level,
        cast({{ currency }} as varchar) as currency,
        cast({{ amount }} as decimal(18, 4)) as amount,
        cast({{ two_way }} as boolean) as is_two_way,
        cast({{ promised_for }} as date) as promised_for,
        cast({{ at }} as timestamp with time zone) as occurred_at,
        {{ on }} as occurred_on,
        _source,
        _file,
        _file_sha256,
        _row
    from {{ relation }}
    where {{ where }}
{%- endmacro %}
