-- Grain: one row, the run that made this publication: from which day it looks back, and by what was known when.
select
    base_currency,
    business_timezone,
    as_of_date,
    known_at
from {{ ref('int_run_dated') }}
