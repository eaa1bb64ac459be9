-- Grain: one row an account and stretch of days in which an employee owns it (valid_from ≤ D < valid_to; NULL: since always,
-- and still).
select
    account_id,
    employee_id,
    rule,
    valid_from,
    valid_to
from {{ ref('int_account_owners_dated') }}
