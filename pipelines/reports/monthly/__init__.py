"""The monthly pack of an account manager: the own book, norms, commission and whom to call.

What it holds is data (`sections.yml`), and so is which rows of a table belong to a book: nothing else can be read.
"""
