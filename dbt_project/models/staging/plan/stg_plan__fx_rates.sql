-- Grain: one row a source system and currency, rate_date; the newest version of each.
with newest as (
    {{ newest_version('plan_fx_rates', ['currency', 'rate_date']) }}
)

select
    currency,
    rate_date,
    rate,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
