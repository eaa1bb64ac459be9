{#- The criteria of seed key_account_criteria that are computed: criteria are columns of fct_account_quarters. Which of
    them count, and from which value on one is met, the seed says. -#}
{% macro key_account_measures() %}
{{ return([
    'revenue_share', 'margin_share', 'tenure_years', 'decision_maker_contacts', 'product_breadth', 'revenue_growth',
    'open_deals', 'on_time_share', 'contracts_in_force', 'buying_centres',
]) }}
{% endmacro %}
