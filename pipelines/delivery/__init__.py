"""Delivery: who gets which report, when it is due, what holds it, and what was sent.

`plan` reads `<home>/delivery.yml`, `periods` says what is due by the calendar, `packs` makes a pack once for all who
get the same, `brake` reads what the publication itself finds wrong, `ledger` remembers what was sent, `channels` sends,
and `run` puts them together. No figure is worked out here.
"""
