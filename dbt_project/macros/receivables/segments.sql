{#- An account's segment for reports that add up by it; accounts without one share a row of their own. -#}
{% macro segment_or_unknown(segment) -%}
coalesce({{ segment }}, 'not_known')
{%- endmacro %}

{#- A query of every account that has ever owed, with its segment: also one that no dimension describes. -#}
{% macro segments_of_debtors() -%}
select debtors.account_id, {{ segment_or_unknown('accounts.segment') }} as segment
    from (select distinct account_id from {{ ref('fct_receivable_intervals') }} where open_amount > 0) as debtors
    left join {{ ref('dim_accounts') }} as accounts on debtors.account_id = accounts.account_id
{%- endmacro %}
