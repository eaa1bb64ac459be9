"""Statements of account as documents: what is owed, and what moved it, in the customer's language, as PDF or workbook.

`reading` takes the figures from the published warehouse's reporting tables and table macros and works none out;
`composing` puts them into a document of texts and tables; `pdf` and `xlsx` write it. The wording is `pipelines/words`.
Nothing here knows Dagster, dbt or the dashboards.
"""
