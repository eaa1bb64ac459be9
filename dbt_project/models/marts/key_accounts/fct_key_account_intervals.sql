-- Grain: one row an account and stretch of days (valid_from ≤ D < valid_to, NULL while it lasts) in which its class stood: the
-- list and the tier that were measured at the end of a quarter stand from that day until the next quarter's end. What the
-- quarter that runs would give is a proposal until it ends.
{{ config(materialized='held_view') }}

select
    account_id,
    tier,
    is_listed as is_key_account,
    measured_on as valid_from,
    lead(measured_on) over (partition by account_id order by measured_on) as valid_to
from {{ ref('fct_key_account_quarters') }}
where measured_on = {{ plus_days(plus_months('quarter', 3), -1) }}
