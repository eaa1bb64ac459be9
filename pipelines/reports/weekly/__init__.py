"""The weekly pack for leadership: what is owed and what moved it, as PDF, workbook, mail and the cells of all.

`reading` takes figures from the reporting tables and says of each which cell it is; `saying` puts them into sentences.
"""
