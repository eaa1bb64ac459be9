-- Grain: one row per landed file, contract, entity, measure and currency.
select
    file_sha256,
    file,
    contract,
    domain,
    entity,
    measure,
    currency,
    file_total,
    loaded,
    rejected,
    superseded,
    difference
from {{ ref('fct_landing_totals') }}
