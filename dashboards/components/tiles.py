"""Tiles of key figures: a value, its change, its last months as a sparkline, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from dashboards.components.formats import plain
from dashboards.queries import common


@dataclass(frozen=True)
class Tile:
    """One figure. `metric` is where it stands: its table, column and id, for the explanation."""

    label: str
    value: str
    change: str | None = None
    versus: str | None = None
    good: Literal["up", "down", "neither"] = "neither"
    series: Sequence[Any] = ()
    metric: tuple[str, str, str] | None = None
    note: str | None = None


_COLORS: dict[str, Any] = {"up": "normal", "down": "inverse", "neither": "off"}


def explanation(warehouse: str, tile: Tile) -> str | None:
    """The metric's id, name and formula as the catalogue of this publication has them, and what is to note."""
    parts = []
    if tile.metric:
        table, column, metric_id = tile.metric
        entry = common.metrics(warehouse).get((table, column))
        if entry:
            parts.append(f"**{plain(entry['metric_id'])}** {plain(entry['name'])}")
            if entry["formula"]:
                parts.append(f"Formula: {plain(entry['formula'])}")
        else:
            parts.append(f"**{plain(metric_id)}**" if metric_id else "")
        parts.append(f"Column `{column}` of `reporting.{table}`")
    if tile.note:
        parts.append(tile.note)
    return "  \n".join(part for part in parts if part) or None


def tiles(warehouse: str, shown: Sequence[Tile], least_width: int = 150) -> None:
    """A row of tiles that wraps where it has no room."""
    with st.grid(min(len(shown), 6), min_column_width=least_width, gap="small"):
        for tile in shown:
            series = [float(value) for value in tile.series if value is not None]
            st.metric(
                tile.label,
                plain(tile.value),
                delta=tile.change,
                delta_color=_COLORS[tile.good],
                delta_arrow="auto" if tile.good != "neither" or tile.change else "off",
                delta_description=tile.versus,
                help=explanation(warehouse, tile),
                border=True,
                height="stretch",
                chart_data=series if len(series) > 2 else None,
                chart_type="area",
            )
