"""Add data: drop exports, see what each is, answer what is asked, refresh, and look at one's own numbers."""

from __future__ import annotations

from dashboards.components.add_data import add_data

add_data()
