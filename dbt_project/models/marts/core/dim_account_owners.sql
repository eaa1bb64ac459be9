-- Grain: one row an account and the first day of an employee's ownership; no first day means since always.
select
    account_id,
    employee_id,
    rule,
    starts_on,
    ends_on
from {{ ref('int_account_owners_dated') }}
