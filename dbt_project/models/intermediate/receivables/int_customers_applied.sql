-- Grain: one row per customer and currency whose payments the export applies to invoices, as the one who paid or as the one
-- whose invoice was paid. Nothing is assumed of where their money went: what no application spends is unapplied.
{{ config(materialized='held_view') }}

select customer_id, currency
from {{ ref('int_applications_linked') }}
where issue is null and origin_kind = 'payment'
union
select origin_customer_id, origin_currency
from {{ ref('int_applications_linked') }}
where issue is null and origin_kind = 'payment' and payment_id is not null
