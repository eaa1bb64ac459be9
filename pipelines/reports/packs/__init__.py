"""What the report packs share: figures with their cells, sections, sentences, PDF, workbook and mail.

`sections` is what a pack holds, `figures` reads cells and says which they are, `composing` puts them into a document of
a language, `xlsx` and `making` write the files and `checking` opens them again. Nothing is worked out here but the
change between two that stand beside each other, and the sum of rows that are listed.
"""
