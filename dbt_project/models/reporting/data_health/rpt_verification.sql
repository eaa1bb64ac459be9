-- Grain: one row per table, measure and currency of reporting that is computed again from raw by other means than the models.
-- It is made empty: the proof of a build is put in once all that it proves is there (pipelines/verification).
select
    cast(null as varchar) as subject,
    cast(null as varchar) as table_name,
    cast(null as varchar) as measure,
    cast(null as varchar) as currency,
    cast(null as varchar) as state,
    cast(null as varchar) as verified_by,
    cast(null as bigint) as cells,
    cast(null as bigint) as cells_equal,
    cast(null as decimal(38, 4)) as largest_difference,
    cast(null as varchar) as first_cell,
    cast(null as decimal(38, 4)) as first_published,
    cast(null as decimal(38, 4)) as first_recomputed
where false
