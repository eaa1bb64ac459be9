-- Grain: one row per customer and currency whose payments the export applies, as the one who paid or as the one whose
-- invoice was paid. Nothing is assumed of where their money went: what no application spends is unapplied. An application
-- that posts nothing tells so too: what was put on a document that is void or not there is not free for another. One that names
-- no payment where there are payments tells nothing of any.
{{ config(materialized='held_view') }}

with applications as (
    select * from {{ ref('int_applications_linked') }} where origin_kind = 'payment' and coalesce(issue, '') <> 'no_payment'
)

select customer_id, currency from applications where customer_id is not null
union
select origin_customer_id, origin_currency from applications where origin_customer_id is not null
