"""The weekly pack for leadership: what is owed and what moved it, as PDF, workbook and the cells of both.

`reading` takes figures from the reporting tables and says of each which cell it is; `composing` puts them into
sentences and tables of a language. Nothing is worked out here but the change between two that stand beside each other.
"""
