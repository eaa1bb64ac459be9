-- Grain: one row a source system and account_id, month; the newest version of each.
with newest as (
    {{ newest_version('plan_budgets', ['account_id', 'month']) }}
)

select
    account_id,
    month,
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
