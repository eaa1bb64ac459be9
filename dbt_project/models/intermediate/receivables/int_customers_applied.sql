-- Grain: one row per customer and currency whose payments the export applies, as the one who paid or as the one whose
-- invoice was paid. Nothing is assumed of where their money went: what no application spends is unapplied. An application
-- that posts nothing tells so too: what was put on a document that is void or not there is not free for another. One that names
-- no payment where there are payments tells nothing of any. A credit note that a payment used tells of the payment.
{{ config(materialized='held_view') }}

with linked as (
    select * from {{ ref('int_applications_linked') }}
),

applications as (
    select * from linked where origin_kind = 'payment' and coalesce(issue, '') <> 'no_payment'
)

select customer_id, currency from applications where customer_id is not null
union
select origin_customer_id, origin_currency from applications where origin_customer_id is not null
union
select customer_id, currency from linked where used_by_id is not null
union
select used_by_id, origin_currency from linked where used_by_id is not null
