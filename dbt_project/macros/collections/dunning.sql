{#- The third of the steps' open amounts that an amount falls in; `edges` holds small_to and medium_to. -#}
{% macro size_band(amount, edges) -%}
case
            when {{ amount }} <= {{ edges }}.small_to then 'small'
            when {{ amount }} <= {{ edges }}.medium_to then 'medium'
            when {{ amount }} is not null then 'large'
        end
{%- endmacro %}

{#- The cash of the joined cash_events, at most what was open and at least nothing, in the base currency. -#}
{% macro cash_within(open_amount, rate) -%}
{{ money(least_known(greatest_known('coalesce(sum(cash_events.amount), 0)', '0'), open_amount) ~ ' * ' ~ rate) }}
{%- endmacro %}

{#- The edges of small and medium amounts: the thirds, as the parameters dunning_small_share and dunning_large_share say, of
    what is known of a column. -#}
{% macro size_edges(relation, amount) -%}
select
        max(amount) filter (where place <= ceil(amounts * {{ parameter('dunning_small_share') }})) as small_to,
        max(amount) filter (where place <= ceil(amounts * {{ parameter('dunning_large_share') }})) as medium_to
    from (
        select
            {{ amount }} as amount,
            row_number() over (order by {{ amount }}) as place,
            count(*) over () as amounts
        from {{ relation }}
        where {{ amount }} is not null
    ) as placed
{%- endmacro %}
