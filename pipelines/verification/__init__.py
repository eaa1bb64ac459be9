"""The proof: what a publication says, computed again from raw by other means than the models.

Nothing here reads a model's SQL or a table of intermediate: rows come from the raw store's Parquet files, definitions
from the documents (`docs/verification.md` has the list). Of the publication are taken the run (its day, settings and
parameters), the files that it says it was made from, and whose account a billing customer is; and, to be held against,
the figures of `reporting`. It imports no Dagster and no dbt.
"""
