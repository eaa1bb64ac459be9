"""The half-year appraisal: turnover growth, the plan, timely client cards and the quota, of everybody or of one person.

`sections.yml` says what it holds; `saying` puts the figures into sentences. What it is made of stays: see
`pipelines/delivery/snapshots.py`.
"""
