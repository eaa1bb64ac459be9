-- Grain: one row per campaign of a CRM.
select
    {{ global_id('_system', 'campaign_id') }} as campaign_id,
    _system as system,
    name as campaign_name,
    channel,
    currency,
    cost,
    starts_on,
    ends_on,
    _source,
    _file,
    _file_sha256,
    _row
from {{ ref('stg_crm__campaigns') }}
