-- Grain: one row a client and week: its health score as of the week's end (V18).
{{ config(materialized='held_view') }}

with health as (
    select * from {{ ref('fct_account_health') }}
),

accounts as (
    select account_id, account_name, owner_id, segment from {{ ref('dim_accounts') }}
)

select
    health.week_start,
    health.account_id,
    accounts.account_name,
    accounts.owner_id,
    accounts.segment,
    cast(health.score as double) as score,
    health.band,
    cast(health.coverage as double) as coverage,
    {%- for group in health_measures() %}
    cast(health.{{ group }}_score as double) as {{ group }}_score,
    {%- endfor %}
    health.reasons,
    {%- for group, measures in health_measures().items() %}
    {%- for measure in measures %}
    cast(health.{{ measure }} as double) as {{ measure }},
    {%- endfor %}
    {%- endfor %}
    cast({{ days_from('health.last_contact_on', 'health.as_of_date') }} as bigint) as days_since_contact,
    cast(health.usual_contact_gap as double) as usual_contact_gap,
    cast({{ days_from('health.last_invoice_on', 'health.as_of_date') }} as bigint) as days_since_invoice,
    cast(health.usual_invoice_gap as double) as usual_invoice_gap,
    health.status,
    health.has_measures,
    health.is_newest,
    health.as_of_date,
    health.last_sign_on,
    health.last_contact_on,
    health.last_invoice_on
from health
left join accounts on health.account_id = accounts.account_id
