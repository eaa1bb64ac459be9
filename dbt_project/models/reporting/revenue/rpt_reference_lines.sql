-- Grain: one row a reference line: a figure from the literature to be drawn beside a metric, never a norm.
{{ config(materialized='held_view') }}

select reference_id, metric_id, table_name, column_name, unit, label, source, value
from {{ ref('reference_lines') }}
