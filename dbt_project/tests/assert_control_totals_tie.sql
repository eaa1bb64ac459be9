-- Blocks publishing: what a file's own text adds up to equals what is loaded, rejected and superseded of it, for rows,
-- every money column and seconds, per currency.
select *
from {{ ref('rpt_control_totals') }}
where difference <> 0
    or difference is null
    or file_total <> loaded + rejected + superseded
