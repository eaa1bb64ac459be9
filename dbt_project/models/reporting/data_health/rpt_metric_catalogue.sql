-- Grain: one row per metric and the column that shows it.
select
    metric_id,
    name,
    formula,
    table_name,
    column_name,
    unit
from {{ ref('metrics') }}
