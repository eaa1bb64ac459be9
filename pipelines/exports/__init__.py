"""Export files: read (`readers`), recognised (`contracts`), cast and stored (`landing`). Never imports Dagster or dbt."""
