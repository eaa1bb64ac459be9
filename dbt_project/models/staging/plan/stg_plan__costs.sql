-- Grain: one row a source system and account_id, month, cost_kind; the newest version of each.
with newest as (
    {{ newest_version('plan_costs', ['account_id', 'month', 'cost_kind']) }}
)

select
    account_id,
    month,
    cost_kind,
    amount,
    {{ currency_or_default() }} as currency,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
