"""Specifications: few kinds, one look. Values come as rows of a query; money becomes a float here, to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import altair as alt

Rows = Sequence[Mapping[str, Any]]
Look = Mapping[str, str]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart

HEIGHT = 260
# A legend's widths in pixels: of a name's square with the space around it, of a letter, and of the narrowest chart.
SYMBOL, LETTER, NARROW = 30, 6.5, 215
COMPACT = "~s"
# An axis of millions would call its foot "0M".
PLAIN_ZERO = "datum.value === 0 ? '0' : datum.label"
PADDING = {"top": 6, "left": 2, "right": 6, "bottom": 2}


def styled(chart: Chart, look: Look, size: int = 12) -> Chart:
    """The chart in the look that all charts share; `size` is that of its letters."""
    look_of_all: Chart = (
        chart.configure_view(stroke=None)
        .configure_axis(
            domain=False,
            ticks=False,
            gridColor=look["grid"],
            labelColor=look["muted"],
            titleColor=look["muted"],
            labelFontSize=size,
            titleFontSize=size,
            titleFontWeight="normal",
            labelPadding=6,
        )
        .configure_legend(
            orient="top",
            direction="horizontal",
            title=None,
            labelColor=look["muted"],
            labelFontSize=size,
            symbolType="square",
            symbolSize=90,
            columnPadding=12,
            offset=4,
        )
    )
    return look_of_all


def drawable(data: Rows) -> list[dict[str, Any]]:
    """The rows with numbers that a browser draws."""
    return [{k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in data]


def long(data: Rows, index: str, series: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row per point: `index`, the series' name, its value and its place in the legend. What is unknown has none."""
    return [
        {index: row[index], "series": name, "value": float(row[column]), "order": place}
        for row in data
        for place, (column, name) in enumerate(series.items())
        if row.get(column) is not None
    ]


def inline(data: list[dict[str, Any]]) -> Any:
    """The points as they stand in the chart's own text."""
    return alt.InlineData(values=data)


def month_axis(field: str = "month") -> alt.X:
    """Months as YYYY-MM, in order, labelled as far as there is room."""
    return alt.X(f"{field}:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="parity", grid=False))


def amount_axis(fmt: str = COMPACT, field: str = "value") -> alt.Y:
    """The upright axis of amounts."""
    # The unit stands in the card's own words and in the tooltip, so the axis has no title.
    # Counts and amounts have no ticks between whole numbers; ratios do.
    step = 1 if fmt == COMPACT else alt.Undefined
    axis = alt.Axis(format=fmt, tickCount=5, tickMinStep=step, labelExpr=PLAIN_ZERO)
    return alt.Y(f"{field}:Q", title=None, axis=axis)


def scale(names: Sequence[str], chosen: Sequence[str], look: Look) -> alt.Scale:
    """Each name with its colour: a name of the palette, or a colour itself."""
    return alt.Scale(domain=list(names), range=[look.get(name, name) for name in chosen])


def legend(names: Sequence[str]) -> alt.Legend | None:
    """None for one series; in rows of three where one row would be cut on a phone, of fewer where they are long."""
    if len(names) == 1:
        return None
    if len(names) > 4:
        return alt.Legend(columns=3)
    wide = [SYMBOL + LETTER * len(name) for name in names]
    # Names below each other share a column, which is as wide as the widest.
    fitting = [
        columns
        for columns in range(1, len(names) + 1)
        if sum(max(wide[place::columns]) for place in range(columns)) <= NARROW
    ]
    return alt.Legend(columns=max(fitting, default=1), labelLimit=NARROW)


def compact(value: float, sign: bool = False) -> str:
    """An amount as short as a label on a chart can be: 206k, 1.25M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:{'+' if sign else ''}.3g}{letter}"
    return f"{value:{'+' if sign else ''}.0f}"


def bars(
    data: Rows,
    series: Mapping[str, str],
    colour_names: Sequence[str],
    unit: str,
    look: Look,
    *,
    index: str = "month",
    stacked: bool = True,
    fmt: str = ",.0f",
    axis_format: str = COMPACT,
    as_given: bool = False,
) -> alt.Chart:
    """Columns over months (or days): stacked parts of a whole, or side by side.

    `as_given` in the order of the rows, each with its place though nothing is known of it.
    """
    points = long(data, index, series)
    names = list(series.values())
    over = month_axis(index)
    if as_given:
        over = over.sort(None).scale(alt.Scale(domain=[row[index] for row in data]))
    chart = (
        alt.Chart(inline(points))
        .mark_bar(cornerRadius=1)
        .encode(
            x=over,
            y=amount_axis(axis_format).stack("zero" if stacked else None),
            color=alt.Color("series:N", scale=scale(names, colour_names, look), sort=names, legend=legend(names)),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip(f"{index}:O", title="When"),
                alt.Tooltip("series:N", title="What"),
                alt.Tooltip("value:Q", title=unit, format=fmt),
            ],
        )
    )
    if not stacked:
        chart = chart.encode(xOffset=alt.XOffset("series:N", sort=names))
    made: alt.Chart = chart.properties(height=HEIGHT, padding=PADDING)
    return made


def waterfall(
    steps: Sequence[tuple[str, Any, bool]],
    unit: str,
    look: Look,
    *,
    more_is_better: bool = False,
    written: Callable[[Any, bool], str] | None = None,
    size: int = 12,
) -> Chart:
    """From one balance to another. A step is (name, amount, whether it is a balance rather than a change).

    `written` says an amount, with its sign or without; on paper, where nothing shows a tooltip, it says it whole.
    """
    more, less = ("teal", "orange") if more_is_better else ("orange", "teal")
    points, level = [], 0.0
    for name, amount, is_balance in steps:
        moved = float(amount or 0)
        start, end = (0.0, moved) if is_balance else (level, level + moved)
        level = end
        points.append(
            {
                "step": name,
                "start": start,
                "end": end,
                "amount": moved,
                "top": max(start, end),
                "colour": look["blue"] if is_balance else look[more] if moved > 0 else look[less],
                "label": written(amount, not is_balance) if written else compact(moved, sign=not is_balance),
            }
        )
    base = alt.Chart(inline(points)).encode(
        x=alt.X(
            "step:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelAngle=0, labelLimit=90, labelExpr="split(datum.label, ' ')"),
        )
    )
    columns = base.mark_bar(cornerRadius=2).encode(
        y=alt.Y("start:Q", axis=None) if written else amount_axis(field="start"),
        y2="end:Q",
        color=alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("step:N", title="Step"), alt.Tooltip("amount:Q", title=unit, format=",.2f")],
    )
    text = base.mark_text(dy=-8, fontSize=size, color=look["ink"]).encode(y="top:Q", text="label:N")
    return alt.layer(columns, text).properties(height=HEIGHT, padding=PADDING)
