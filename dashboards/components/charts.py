"""Charts on pages: the shared specifications in the browser's theme, and those that only pages have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import streamlit as st

from dashboards.components.formats import UNKNOWN
from dashboards.components.palette import colours
from pipelines.charts import specs
from pipelines.charts.specs import (
    COMPACT,
    HEIGHT,
    PADDING,
    PLAIN_ZERO,
    Rows,
    amount_axis,
    compact,
    drawable,
    inline,
    legend,
    long,
    month_axis,
)

__all__ = [
    "COMPACT", "HEIGHT", "PADDING", "PLAIN_ZERO", "Rows", "amount_axis", "bars", "compact", "diverging", "drawable",
    "heat", "inline", "legend", "lines", "long", "month_axis", "ranked", "scale", "show",
]  # fmt: skip
# 2026-11-20 is labelled 11-20, and a month 2026-11.
_SHORT_DAY = "length(datum.value) == 10 ? substring(datum.value, 5) : datum.value"


def show(chart: specs.Chart, key: str, alt_text: str) -> None:
    """Draws it as wide as its place, in the look that all charts share."""
    st.altair_chart(specs.styled(chart, colours()), width="stretch", key=key, alt=alt_text)


def scale(names: Sequence[str], chosen: Sequence[str]) -> alt.Scale:
    """Each name with its colour in the theme: a name of the palette, or a colour itself."""
    return specs.scale(names, chosen, colours())


def lines(
    data: Rows,
    series: dict[str, str],
    colour_names: Sequence[str],
    unit: str,
    *,
    key: str,
    alt_text: str,
    index: str = "month",
    fmt: str = ",.1f",
    axis_format: str = COMPACT,
    zero: bool = True,
) -> None:
    """Lines over months, each named at its last point; a month whose value is not known leaves a gap."""
    points = long(data, index, series)
    names = list(series.values())
    last = max((row[index] for row in points), default=None)
    ends = [row for row in points if row[index] == last]
    # Labels of lines that end close to each other are moved apart, so that none covers another.
    span = max((row["value"] for row in points), default=0) - (
        0 if zero else min((r["value"] for r in points), default=0)
    )
    least = span * 0.085
    ends.sort(key=lambda row: row["value"])
    for below, above in pairwise(ends):
        above["at"] = max(above["value"], below.get("at", below["value"]) + least)
    for row in ends:
        row.setdefault("at", row["value"])
    apart = scale(names, colour_names)
    y = amount_axis(axis_format).scale(zero=zero)
    known = {(row[index], row["series"]) for row in points}
    gaps = [
        {index: row[index], "series": name, "value": None}
        for row in data
        for name in names
        if (row[index], name) not in known
    ]
    base = alt.Chart(inline(points + gaps)).encode(
        x=month_axis(index), color=alt.Color("series:N", scale=apart, legend=None)
    )
    tooltip = [
        alt.Tooltip(f"{index}:O", title="Month"),
        alt.Tooltip("series:N", title="What"),
        alt.Tooltip("value:Q", title=unit, format=fmt),
    ]
    line = base.mark_line(strokeWidth=2.25).encode(y=y)
    dots = base.mark_point(size=40, filled=True).encode(y=y, tooltip=tooltip)
    label = (
        alt.Chart(inline(ends))
        .mark_text(align="left", dx=8, fontSize=12, fontWeight=600)
        .encode(
            x=month_axis(index), y=alt.Y("at:Q"), text="series:N", color=alt.Color("series:N", scale=apart, legend=None)
        )
    )
    show(
        alt.layer(line, dots, label).properties(height=HEIGHT, padding=PADDING),
        key,
        alt_text,
    )


def bars(
    data: Rows,
    series: dict[str, str],
    colour_names: Sequence[str],
    unit: str,
    *,
    key: str,
    alt_text: str,
    index: str = "month",
    stacked: bool = True,
    fmt: str = ",.0f",
) -> None:
    """Columns over months (or days): stacked parts of a whole, or side by side."""
    chart = specs.bars(data, series, colour_names, unit, colours(), index=index, stacked=stacked, fmt=fmt)
    show(chart, key, alt_text)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def ranked(
    data: Rows,
    label: str,
    value: str,
    unit: str,
    *,
    key: str,
    alt_text: str,
    colour: str = "blue",
    part: tuple[str, str] | None = None,
    names: tuple[str, str] | None = None,
    in_order: bool = True,
    fmt: str | None = None,
    label_limit: int = 150,
) -> None:
    """Horizontal bars with their value at the end; `part` is a column that is a part of the value, drawn darker.

    What is not known has no bar, and a dash.
    """
    look = colours()
    points = [
        {"label": str(row[label]), "value": _number(row[value]), "part": _number(row[part[0]]) if part else 0.0}
        for row in data
    ]
    base = alt.Chart(inline(points)).encode(
        y=alt.Y("label:N", title=None, sort=None if in_order else "-x", axis=alt.Axis(labelLimit=label_limit)),
    )
    name = (names or (unit, ""))[0]
    tips = [alt.Tooltip("label:N", title=" "), alt.Tooltip("value:Q", title=name, format=fmt or ",.0f")]
    if part:
        tips.append(alt.Tooltip("part:Q", title=(names or ("", part[1]))[1], format=",.0f"))
    axis = alt.Axis(format=fmt, tickCount=4) if fmt else alt.Axis(format=COMPACT, tickCount=4, labelExpr=PLAIN_ZERO)
    x = alt.X("value:Q", title=None, axis=axis)
    layers = [base.mark_bar(cornerRadius=2, color=look[colour], opacity=0.35 if part else 1).encode(x=x, tooltip=tips)]
    if part:
        layers.append(base.mark_bar(cornerRadius=2, color=look[colour]).encode(x="part:Q", tooltip=tips))
    layers.append(
        base.mark_text(align="left", dx=5, fontSize=12, color=look["ink"]).encode(
            x="value:Q", text=alt.Text("value:Q", format=fmt or ".3~s")
        )
    )
    if any(point["value"] is None for point in points):
        unknown = base.transform_filter("datum.value === null").mark_text(align="left", dx=5, color=look["ink"])
        layers.append(unknown.encode(x=alt.datum(0), text=alt.value(UNKNOWN)))
    show(
        alt.layer(*layers).properties(height=max(40 + 30 * len(points), 110), padding=PADDING),
        key,
        alt_text,
    )


def diverging(data: Rows, up: tuple[str, str], down: tuple[str, str], unit: str, *, key: str, alt_text: str) -> None:
    """What came in above the line and what was lost below it, a month."""
    points = []
    for place, ((column, name), sign) in enumerate(((up, 1), (down, -1))):
        points += [
            {
                "month": row["month"],
                "series": name,
                "value": sign * float(row[column]),
                "shown": float(row[column]),
                "order": place,
            }
            for row in data
            if row.get(column) is not None
        ]
    names = [up[1], down[1]]
    axis = alt.Axis(tickCount=5, labelExpr="format(abs(datum.value), '~s')")
    chart = (
        alt.Chart(inline(points))
        .mark_bar(cornerRadius=1)
        .encode(
            x=month_axis(),
            y=alt.Y("value:Q", title=None, axis=axis),
            color=alt.Color("series:N", scale=scale(names, ["blue", "orange"]), sort=names),
            tooltip=[
                alt.Tooltip("month:O", title="Month"),
                alt.Tooltip("series:N", title="What"),
                alt.Tooltip("shown:Q", title=unit, format=",.0f"),
            ],
        )
    )
    show(chart.properties(height=HEIGHT, padding=PADDING), key, alt_text)


def heat(
    data: Rows, x: str, y: str, value: str, title: str, tips: dict[str, str], *, key: str, alt_text: str,
    across: str = "Day", down: str = "Agent",
) -> None:  # fmt: skip
    """A ratio by two things, as a rule day and agent, dark from 0 to 1 and as dark above; a blank cell has none."""
    look = colours()
    points = [row for row in drawable(data) if row.get(value) is not None]
    agents = len({row[y] for row in points})
    chart = (
        alt.Chart(inline(points))
        .mark_rect(cornerRadius=2, stroke=look["ground"], strokeWidth=2)
        .encode(
            x=alt.X(
                f"{x}:O",
                title=None,
                axis=alt.Axis(labelAngle=0, labelOverlap="parity", grid=False, labelExpr=_SHORT_DAY, labelFlush=False),
            ),
            y=alt.Y(f"{y}:N", title=None, axis=alt.Axis(labelLimit=120, labelOverlap=False, grid=False)),
            color=alt.Color(
                f"{value}:Q",
                title=title,
                scale=alt.Scale(
                    domain=[0, 1], range=[look["orange"], look["grid"], look["blue"]], interpolate="lab", clamp=True
                ),
                legend=alt.Legend(
                    format=".0%", gradientLength=140, title=title, titleColor=look["muted"], titleFontWeight="normal"
                ),
            ),
            tooltip=[
                alt.Tooltip(f"{x}:O", title=across),
                alt.Tooltip(f"{y}:N", title=down),
                alt.Tooltip(f"{value}:Q", title=title, format=".1%"),
                *[alt.Tooltip(f"{column}:Q", title=words, format=",.0f") for column, words in tips.items()],
            ],
        )
    )
    show(chart.properties(height=112 + 28 * agents), key, alt_text)
