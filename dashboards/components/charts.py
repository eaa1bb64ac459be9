"""Charts: few kinds, one look. Values come as rows of a query; money becomes a float here, to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import altair as alt
import streamlit as st

from dashboards.components.formats import BUCKET_WORDS
from dashboards.components.palette import ageing, colours

Rows = Sequence[dict[str, Any]]

HEIGHT = 260
_COMPACT = "~s"
# 2026-11-20 is labelled 11-20, and a month 2026-11.
_SHORT_DAY = "length(datum.value) == 10 ? substring(datum.value, 5) : datum.value"
_PADDING = {"top": 6, "left": 2, "right": 6, "bottom": 2}


def drawable(data: Rows) -> list[dict[str, Any]]:
    """The rows with numbers that a browser draws."""
    return [{k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in data]


def long(data: Rows, index: str, series: dict[str, str]) -> list[dict[str, Any]]:
    """One row a point: `index`, the series' name, its value and its place in the legend. Unknown values have no point."""
    return [
        {index: row[index], "series": name, "value": float(row[column]), "order": place}
        for row in data
        for place, (column, name) in enumerate(series.items())
        if row.get(column) is not None
    ]


def show(chart: alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart, key: str, alt_text: str) -> None:
    """Draws it as wide as its place, in the look that all charts share."""
    look = colours()
    styled = (
        chart.configure_view(stroke=None)
        .configure_axis(
            domain=False, ticks=False, gridColor=look["grid"], labelColor=look["muted"], titleColor=look["muted"],
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelPadding=6,
        )  # fmt: skip
        .configure_legend(
            orient="top", direction="horizontal", title=None, labelColor=look["muted"], labelFontSize=12,
            symbolType="square", symbolSize=90, columnPadding=12, offset=4,
        )  # fmt: skip
    )
    st.altair_chart(styled, width="stretch", key=key, alt=alt_text)


def _data(data: list[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=data)


def month_axis(field: str = "month") -> alt.X:
    """Months as YYYY-MM, in order, labelled as far as there is room."""
    return alt.X(f"{field}:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="parity", grid=False))


def _amount_axis(fmt: str = _COMPACT, field: str = "value") -> alt.Y:
    # The unit stands in the card's own words and in the tooltip, so the axis has no title.
    return alt.Y(f"{field}:Q", title=None, axis=alt.Axis(format=fmt, tickCount=5))


def _scale(names: Sequence[str], chosen: Sequence[str]) -> alt.Scale:
    look = colours()
    return alt.Scale(domain=list(names), range=[look.get(name, name) for name in chosen])


def _legend(names: Sequence[str]) -> alt.Legend | None:
    """None for one series; in rows of three where one row would be cut on a phone."""
    return None if len(names) == 1 else alt.Legend(columns=3) if len(names) > 4 else alt.Legend()


def compact(value: float, sign: bool = False) -> str:
    """An amount as short as a label on a chart can be: 206k, 1.25M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:{'+' if sign else ''}.3g}{letter}"
    return f"{value:{'+' if sign else ''}.0f}"


def lines(
    data: Rows, series: dict[str, str], colour_names: Sequence[str], unit: str, *, key: str, alt_text: str,
    index: str = "month", fmt: str = ",.1f", axis_format: str = _COMPACT, zero: bool = True,
) -> None:  # fmt: skip
    """Lines over months, each named at its last point."""
    points = long(data, index, series)
    names = list(series.values())
    last = max((row[index] for row in points), default=None)
    ends = [row for row in points if row[index] == last]
    # Labels of lines that end close to each other are moved apart, so that none covers another.
    span = max((row["value"] for row in points), default=0) - (0 if zero else min((r["value"] for r in points), default=0))
    least = span * 0.085
    ends.sort(key=lambda row: row["value"])
    for below, above in zip(ends, ends[1:], strict=False):
        above["at"] = max(above["value"], below.get("at", below["value"]) + least)
    for row in ends:
        row.setdefault("at", row["value"])
    scale = _scale(names, colour_names)
    y = _amount_axis(axis_format).scale(zero=zero)
    base = alt.Chart(_data(points)).encode(x=month_axis(index), color=alt.Color("series:N", scale=scale, legend=None))
    tooltip = [alt.Tooltip(f"{index}:O", title="Month"), alt.Tooltip("series:N", title="What"),
               alt.Tooltip("value:Q", title=unit, format=fmt)]  # fmt: skip
    line = base.mark_line(strokeWidth=2.25, interpolate="monotone").encode(y=y)
    dots = base.mark_point(size=40, filled=True).encode(y=y, tooltip=tooltip)
    label = (
        alt.Chart(_data(ends))
        .mark_text(align="left", dx=8, fontSize=12, fontWeight=600)
        .encode(x=month_axis(index), y=alt.Y("at:Q"), text="series:N", color=alt.Color("series:N", scale=scale, legend=None))
    )
    show(
        alt.layer(line, dots, label).properties(height=HEIGHT, padding=_PADDING),
        key, alt_text,
    )  # fmt: skip


def bars(
    data: Rows, series: dict[str, str], colour_names: Sequence[str], unit: str, *, key: str, alt_text: str,
    index: str = "month", stacked: bool = True, fmt: str = ",.0f",
) -> None:  # fmt: skip
    """Columns over months (or days): stacked parts of a whole, or side by side."""
    points = long(data, index, series)
    names = list(series.values())
    chart = alt.Chart(_data(points)).mark_bar(cornerRadius=1).encode(
        x=month_axis(index),
        y=_amount_axis().stack("zero" if stacked else None),
        color=alt.Color("series:N", scale=_scale(names, colour_names), sort=names, legend=_legend(names)),
        order=alt.Order("order:Q"),
        tooltip=[alt.Tooltip(f"{index}:O", title="When"), alt.Tooltip("series:N", title="What"),
                 alt.Tooltip("value:Q", title=unit, format=fmt)],
    )  # fmt: skip
    if not stacked:
        chart = chart.encode(xOffset=alt.XOffset("series:N", sort=names))
    show(chart.properties(height=HEIGHT, padding=_PADDING), key, alt_text)


def ageing_bar(parts: Rows, *, key: str, alt_text: str) -> None:
    """The make-up of open money by age: a bar a row of `label`, each as long as the next, for they are not one currency."""
    points = [
        {"label": row["label"], "series": BUCKET_WORDS[bucket], "value": float(row[bucket] or 0), "order": place}
        for row in parts
        for place, bucket in enumerate(BUCKET_WORDS)
    ]
    names = list(BUCKET_WORDS.values())
    chart = alt.Chart(_data(points)).mark_bar(cornerRadius=1).encode(
        y=alt.Y("label:N", title=None, sort=[row["label"] for row in parts], axis=alt.Axis(labelLimit=150)),
        x=alt.X("value:Q", title=None, stack="normalize", axis=alt.Axis(format=".0%", tickCount=5)),
        color=alt.Color("series:N", scale=_scale(names, ageing()), sort=names, legend=_legend(names)),
        order=alt.Order("order:Q"),
        tooltip=[alt.Tooltip("label:N", title="Currency"), alt.Tooltip("series:N", title="Age"),
                 alt.Tooltip("value:Q", title="Amount", format=",.2f")],
    )  # fmt: skip
    show(chart.properties(height=90 + 30 * len(parts), padding=_PADDING), key, alt_text)


def ageing_columns(values: dict[str, Any], unit: str, *, key: str, alt_text: str) -> None:
    """Open money by age at one date: a column a bucket, with its amount above."""
    points = [
        {"bucket": words, "value": float(values.get(bucket) or 0), "colour": colour}
        for (bucket, words), colour in zip(BUCKET_WORDS.items(), ageing(), strict=True)
    ]
    base = alt.Chart(_data(points)).encode(
        x=alt.X("bucket:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelLimit=80, labelExpr="split(datum.label, ' ')")),
        y=_amount_axis(),
    )  # fmt: skip
    columns = base.mark_bar(cornerRadius=2).encode(
        color=alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("bucket:N", title="Age"), alt.Tooltip("value:Q", title=unit, format=",.2f")],
    )
    text = base.mark_text(dy=-8, fontSize=12, color=colours()["ink"]).encode(text=alt.Text("value:Q", format=".3~s"))
    show(
        alt.layer(columns, text).properties(height=HEIGHT, padding=_PADDING),
        key, alt_text,
    )  # fmt: skip


def ageing_history(data: Rows, unit: str, *, key: str, alt_text: str) -> None:
    """Open money by age at each month end."""
    bars(data, BUCKET_WORDS, ageing(), unit, key=key, alt_text=alt_text)


def waterfall(steps: Sequence[tuple[str, Any, bool]], unit: str, *, key: str, alt_text: str) -> None:
    """From one balance to another. A step is (name, amount, whether it is a balance rather than a change)."""
    look = colours()
    points, level = [], 0.0
    for name, amount, is_balance in steps:
        size = float(amount or 0)
        start, end = (0.0, size) if is_balance else (level, level + size)
        level = end
        colour = look["blue"] if is_balance else look["orange"] if size > 0 else look["teal"]
        points.append({"step": name, "start": start, "end": end, "amount": size, "top": max(start, end), "colour": colour, "label": compact(size, sign=not is_balance)})
    base = alt.Chart(_data(points)).encode(
        x=alt.X("step:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelLimit=90, labelExpr="split(datum.label, ' ')"))
    )  # fmt: skip
    columns = base.mark_bar(cornerRadius=2).encode(
        y=_amount_axis(field="start"), y2="end:Q", color=alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("step:N", title="Step"), alt.Tooltip("amount:Q", title=unit, format=",.2f")],
    )  # fmt: skip
    text = base.mark_text(dy=-8, fontSize=12, color=look["ink"]).encode(
        y="top:Q", text="label:N"
    )
    show(
        alt.layer(columns, text).properties(height=HEIGHT, padding=_PADDING),
        key, alt_text,
    )  # fmt: skip


def ranked(
    data: Rows, label: str, value: str, unit: str, *, key: str, alt_text: str, colour: str = "blue",
    part: tuple[str, str] | None = None, names: tuple[str, str] | None = None, in_order: bool = True,
) -> None:  # fmt: skip
    """Horizontal bars with their value at the end; `part` is a column that is a part of the value, drawn darker."""
    look = colours()
    points = [
        {"label": str(row[label]), "value": float(row[value] or 0), "part": float(row[part[0]] or 0) if part else 0.0}
        for row in data
    ]
    base = alt.Chart(_data(points)).encode(
        y=alt.Y("label:N", title=None, sort=None if in_order else "-x", axis=alt.Axis(labelLimit=150)),
    )
    tips = [alt.Tooltip("label:N", title=" "), alt.Tooltip("value:Q", title=(names or (unit, ""))[0], format=",.0f")]
    if part:
        tips.append(alt.Tooltip("part:Q", title=(names or ("", part[1]))[1], format=",.0f"))
    x = alt.X("value:Q", title=None, axis=alt.Axis(format=_COMPACT, tickCount=4))
    layers = [base.mark_bar(cornerRadius=2, color=look[colour], opacity=0.35 if part else 1).encode(x=x, tooltip=tips)]
    if part:
        layers.append(base.mark_bar(cornerRadius=2, color=look[colour]).encode(x="part:Q", tooltip=tips))
    layers.append(
        base.mark_text(align="left", dx=5, fontSize=12, color=look["ink"]).encode(
            x="value:Q", text=alt.Text("value:Q", format=".3~s")
        )
    )
    show(
        alt.layer(*layers).properties(height=max(40 + 30 * len(points), 110), padding=_PADDING),
        key, alt_text,
    )  # fmt: skip


def diverging(
    data: Rows, up: tuple[str, str], down: tuple[str, str], unit: str, *, key: str, alt_text: str
) -> None:  # fmt: skip
    """What came in above the line and what was lost below it, a month."""
    points = []
    for place, ((column, name), sign) in enumerate(((up, 1), (down, -1))):
        points += [
            {"month": row["month"], "series": name, "value": sign * float(row[column]), "shown": float(row[column]), "order": place}
            for row in data
            if row.get(column) is not None
        ]  # fmt: skip
    names = [up[1], down[1]]
    axis = alt.Axis(tickCount=5, labelExpr="format(abs(datum.value), '~s')")
    chart = alt.Chart(_data(points)).mark_bar(cornerRadius=1).encode(
        x=month_axis(),
        y=alt.Y("value:Q", title=None, axis=axis),
        color=alt.Color("series:N", scale=_scale(names, ["blue", "orange"]), sort=names),
        tooltip=[alt.Tooltip("month:O", title="Month"), alt.Tooltip("series:N", title="What"),
                 alt.Tooltip("shown:Q", title=unit, format=",.0f")],
    )  # fmt: skip
    show(chart.properties(height=HEIGHT, padding=_PADDING), key, alt_text)


def heat(
    data: Rows, x: str, y: str, value: str, title: str, tips: dict[str, str], *, key: str, alt_text: str
) -> None:  # fmt: skip
    """A ratio from 0 to 1 by day and agent, dark where it is high; a blank cell has no calls."""
    look = colours()
    points = [row for row in drawable(data) if row.get(value) is not None]
    agents = len({row[y] for row in points})
    chart = alt.Chart(_data(points)).mark_rect(cornerRadius=2, stroke=look["ground"], strokeWidth=2).encode(
        x=alt.X(f"{x}:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="parity", grid=False,
                                                    labelExpr=_SHORT_DAY)),
        y=alt.Y(f"{y}:N", title=None, axis=alt.Axis(labelLimit=120, labelOverlap=False, grid=False)),
        color=alt.Color(f"{value}:Q", title=title,
                        scale=alt.Scale(domain=[0, 1], range=[look["orange"], look["grid"], look["blue"]], interpolate="lab"),
                        legend=alt.Legend(format=".0%", gradientLength=140, title=title, titleColor=look["muted"],
                                          titleFontWeight="normal")),
        tooltip=[alt.Tooltip(f"{x}:O", title="Day"), alt.Tooltip(f"{y}:N", title="Agent"),
                 alt.Tooltip(f"{value}:Q", title=title, format=".1%"),
                 *[alt.Tooltip(f"{column}:Q", title=words, format=",.0f") for column, words in tips.items()]],
    )  # fmt: skip
    show(chart.properties(height=112 + 28 * agents), key, alt_text)
