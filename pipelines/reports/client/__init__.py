"""The report to one client: how the account stands, its statement, and budget against actual.

`sections.yml` says what it holds, and which columns of which table it may read; `saying` puts it into sentences.
"""
