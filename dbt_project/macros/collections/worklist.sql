{#- Points of a component of the worklist's score, with one decimal: a share from 0 to 1 times its weight. -#}
{% macro points(expression) -%}
cast({{ expression }} as decimal(9, 1))
{%- endmacro %}

{#- Whole units of an amount as text: `EUR 12,345`. -#}
{% macro whole_amount(currency, amount) -%}
{%- set whole = 'cast(round(' ~ amount ~ ', 0) as bigint)' -%}
{{ currency }} || ' ' || case
            when {{ whole }} >= 1000000 then cast(cast(floor({{ whole }} / 1000000) as bigint) as varchar(20)) || ','
                || lpad(cast(mod(cast(floor({{ whole }} / 1000) as bigint), 1000) as varchar(20)), 3, '0') || ','
                || lpad(cast(mod({{ whole }}, 1000) as varchar(20)), 3, '0')
            when {{ whole }} >= 1000 then cast(cast(floor({{ whole }} / 1000) as bigint) as varchar(20)) || ','
                || lpad(cast(mod({{ whole }}, 1000) as varchar(20)), 3, '0')
            else cast({{ whole }} as varchar(20))
        end
{%- endmacro %}

{#- A number of days as text: `1 day`, `12 days`. -#}
{% macro days_text(days) -%}
cast({{ days }} as varchar(20)) || case when {{ days }} = 1 then ' day' else ' days' end
{%- endmacro %}

{#- Why an account stands on the worklist where it does: the components that carry points, in plain words. `row` is the
    relation with the components. -#}
{% macro worklist_reason(row, currency) -%}
concat_ws(
        '; ',
        case
            when {{ row }}.can_be_asked = 1 then {{ whole_amount(currency, row ~ '.collectible_amount') }}
                || ' overdue, number ' || cast({{ row }}.money_rank as varchar(20)) || ' of '
                || cast({{ row }}.debtors as varchar(20)) || ' by amount'
        end,
        case
            when {{ row }}.oldest_collectible_days > 0
                then 'the oldest is ' || {{ days_text(row ~ '.oldest_collectible_days') }} || ' late'
        end,
        case
            when {{ row }}.habit_points > 0 and {{ row }}.usual_delay_days >= 1
                then 'it usually pays ' || {{ days_text('cast(' ~ row ~ '.usual_delay_days as integer)') }} || ' late'
            when {{ row }}.habit_points > 0 then 'it usually pays on time'
        end,
        case
            when {{ row }}.days_silent is null then 'no contact on record'
            when {{ row }}.days_silent = 0 then 'last contact today'
            else 'last contact ' || {{ days_text(row ~ '.days_silent') }} || ' ago'
        end,
        case
            when {{ row }}.promise_points < 0
                then 'a promise for ' || cast({{ row }}.next_promised_for as varchar(10)) || ' is awaited'
            when {{ row }}.promise_points > 0 and {{ row }}.is_promise_kept_late
                then 'its promise for ' || cast({{ row }}.last_promised_for as varchar(10)) || ' was kept late'
            when {{ row }}.promise_points > 0 and {{ row }}.last_promise_state = 'broken'
                then 'its promise for ' || cast({{ row }}.last_promised_for as varchar(10)) || ' was broken'
            when {{ row }}.promise_points > 0
                then 'its promise for ' || cast({{ row }}.last_promised_for as varchar(10)) || ' was kept in part'
        end,
        case
            when {{ row }}.disputed_amount > 0
                then {{ whole_amount(currency, row ~ '.disputed_amount') }} || ' is disputed'
        end,
        case when {{ row }}.missing_rate_count > 0 then 'some of it has no exchange rate and is not counted' end
    )
{%- endmacro %}
