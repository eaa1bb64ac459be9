-- Grain: one row per deal, document or payment (what rows of other entities are parts of) that begins after the run's day:
-- its parts are not there before it is.
with run as (
    select * from {{ ref('int_run_dated') }}
),

{{ rows_ahead(whole_entities(), keep_vanished=whole_entities()) }}

select distinct
    entity_id,
    _system as system,
    row_key
from rows_ahead
