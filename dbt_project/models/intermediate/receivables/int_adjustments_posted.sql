-- Grain: one row per adjustment and what it changes: an invoice, unapplied money, or nothing (`issue` says why).
{{ config(materialized='held_view') }}

select * from {{ ref('int_money_returned') }}
union all
select * from {{ ref('int_write_offs_posted') }}
