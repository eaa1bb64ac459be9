-- Grain: one row per decision of a person in the list account_links, with what became of it.
select
    coalesce(system, '') as system,
    coalesce(kind, '') as kind,
    coalesce(native_id, '') as native_id,
    coalesce(decision, '') as decision,
    coalesce(given_account_id, '') as given_account_id,
    account_id,
    state,
    reason,
    decided_by,
    decided_on,
    _file,
    _row
from {{ ref('int_account_decisions') }}
