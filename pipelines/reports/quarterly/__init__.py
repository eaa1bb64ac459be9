"""The quarterly pack for senior management: sales results, the year ahead, how accounts stand, the key account review.

`sections.yml` says what it holds; `saying` puts the figures into sentences.
"""
