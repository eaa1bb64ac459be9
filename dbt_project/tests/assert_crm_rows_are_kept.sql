-- Every staged row of the CRM stands in its fact once: an id that resolves to nothing loses no row.
{{ config(meta={'dagster': {'ref': {'name': 'fct_activities'}}}) }}

{%- set facts = {
    'stg_crm__deals': 'fct_deals', 'stg_crm__activities': 'fct_activities', 'stg_crm__contacts': 'dim_contacts',
    'stg_crm__cases': 'fct_cases', 'stg_crm__documents': 'fct_documents', 'stg_crm__deal_stages': 'fct_deal_stages',
} %}
with counts as (
    {%- for staged, fact in facts.items() %}
    select
        '{{ fact }}' as fact,
        (select count(*) from {{ ref(staged) }}) as staged_rows,
        (select count(*) from {{ ref(fact) }}) as fact_rows
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from counts where staged_rows <> fact_rows
