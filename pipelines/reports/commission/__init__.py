"""The statement of commission: a person's month, line by line and to the cent, or that of everybody.

`sections.yml` says what it holds; `saying` puts the figures into sentences. A month that is closed (list
`commission_closings`) keeps its sums; what came to light since stands in the first month that is not closed.
"""
