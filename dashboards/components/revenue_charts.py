"""Charts of revenue: what moved it, cohorts, the Pareto curve, key accounts beside a reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from dashboards.components.charts import (
    COMPACT,
    HEIGHT,
    PADDING,
    Rows,
    amount_axis,
    compact,
    drawable,
    inline,
    legend,
    month_axis,
    scale,
    show,
)
from dashboards.components.palette import colours

# What adds stands above the line, what takes away below it.
MOVEMENTS = {
    "new": ("New", 1, "blue"),
    "reactivated": ("Came back", 1, "violet"),
    "expansion": ("Expansion", 1, "teal"),
    "contraction": ("Contraction", -1, "sand"),
    "churned": ("Churned", -1, "orange"),
}


def movements(data: Rows, unit: str, *, key: str, alt_text: str) -> None:
    """A month's movements: a column up of what came, a column down of what went."""
    names = [name for name, _, _ in MOVEMENTS.values()]
    points = [
        {
            "month": row["month"],
            "series": name,
            "value": sign * float(row[column] or 0),
            "shown": float(row[column] or 0),
            "order": place,
        }
        for row in data
        for place, (column, (name, sign, _)) in enumerate(MOVEMENTS.items())
    ]
    chart = (
        alt.Chart(inline(points))
        .mark_bar(cornerRadius=1)
        .encode(
            x=month_axis(),
            y=amount_axis(),
            color=alt.Color(
                "series:N",
                scale=scale(names, [colour for _, _, colour in MOVEMENTS.values()]),
                sort=names,
                legend=legend(names),
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("month:O", title="Month"),
                alt.Tooltip("series:N", title="What"),
                alt.Tooltip("shown:Q", title=unit, format=",.0f"),
            ],
        )
    )
    show(chart.properties(height=HEIGHT, padding=PADDING), key, alt_text)


def steps(parts: Sequence[tuple[str, Any, str]], unit: str, *, key: str, alt_text: str) -> None:
    """From one sum to another: a step is (name, signed amount, colour); blue steps are sums and stand on the ground."""
    look = colours()
    points, level = [], 0.0
    for name, amount, colour in parts:
        size = float(amount or 0)
        is_sum = colour == "blue"
        start, end = (0.0, size) if is_sum else (level, level + size)
        level = end
        points.append(
            {
                "step": name,
                "start": start,
                "end": end,
                "amount": size,
                "top": max(start, end),
                "colour": look[colour],
                "label": compact(size, sign=not is_sum) if size else "",
            }
        )
    base = alt.Chart(inline(points)).encode(
        x=alt.X(
            "step:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelAngle=0, labelLimit=90, labelOverlap=False, labelExpr="split(datum.label, ' ')"),
        )
    )
    columns = base.mark_bar(cornerRadius=2).encode(
        y=amount_axis(field="start"),
        y2="end:Q",
        color=alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("step:N", title="Step"), alt.Tooltip("amount:Q", title=unit, format=",.0f")],
    )
    text = base.mark_text(dy=-8, fontSize=11, color=look["ink"]).encode(y="top:Q", text="label:N")
    show(alt.layer(columns, text).properties(height=HEIGHT, padding=PADDING), key, alt_text)


def cohorts(data: Rows, value: str, *, key: str, alt_text: str) -> None:
    """A row a cohort, a column a month since: grey where it kept what it began with, blue above, orange below."""
    look = colours()
    points = [row | {"drawn": min(row[value], 1.5)} for row in drawable(data) if row.get(value) is not None]
    names = list(dict.fromkeys(row["name"] for row in points))
    chart = (
        alt.Chart(inline(points))
        .mark_rect(stroke=look["ground"], strokeWidth=1)
        .encode(
            x=alt.X(
                "month_number:O",
                title="Months since the first invoice",
                axis=alt.Axis(labelAngle=0, labelOverlap="parity", grid=False),
            ),
            y=alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=150, labelOverlap=False, grid=False)),
            color=alt.Color(
                "drawn:Q",
                scale=alt.Scale(
                    domain=[0, 1, 1.5], range=[look["orange"], look["grid"], look["blue"]], interpolate="lab"
                ),
                legend=alt.Legend(format=".0%", gradientLength=140, title=None),
            ),
            tooltip=[
                alt.Tooltip("cohort:N", title="First invoice"),
                alt.Tooltip("month_number:O", title="Months later"),
                alt.Tooltip(f"{value}:Q", title="Kept", format=".0%"),
                alt.Tooltip("accounts:Q", title="Accounts that bought", format=",.0f"),
                alt.Tooltip("cohort_accounts:Q", title="of", format=",.0f"),
                alt.Tooltip("revenue:Q", title="Revenue", format=",.0f"),
            ],
        )
    )
    show(chart.properties(height=96 + 24 * len(names), padding=PADDING), key, alt_text)


def pareto(data: Rows, needed: int | None, *, key: str, alt_text: str) -> None:
    """The share of revenue that the first accounts make up, with the point where it is 80 %."""
    look = colours()
    count = len(data)
    points = [{"share": 0.0, "so_far": 0.0, "account": "", "rank": 0}] + [
        {
            "share": row["revenue_rank"] / count,
            "so_far": float(row["revenue_share_so_far"]),
            "account": row["account_name"] or "",
            "rank": row["revenue_rank"],
        }
        for row in data
    ]
    base = alt.Chart(inline(points)).encode(
        x=alt.X("share:Q", title="Share of accounts", axis=alt.Axis(format=".0%", tickCount=5, grid=False)),
        y=alt.Y("so_far:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5)),
    )
    layers: list[alt.Chart] = [
        base.mark_area(color=look["blue"], opacity=0.12),
        base.mark_line(color=look["blue"], strokeWidth=2.25),
        base.mark_point(size=30, filled=True, color=look["blue"], opacity=0.6).encode(
            tooltip=[
                alt.Tooltip("rank:Q", title="Place"),
                alt.Tooltip("account:N", title="Account"),
                alt.Tooltip("so_far:Q", title="Revenue so far", format=".1%"),
            ]
        ),
    ]
    if needed:
        at = [row for row in points if row["rank"] == needed]
        edge = alt.Chart(inline(at)).encode(x="share:Q", y="so_far:Q")
        layers.append(edge.mark_point(size=130, filled=True, color=look["orange"]))
        layers.append(
            edge.mark_text(align="left", dx=12, dy=12, fontSize=12, fontWeight=600, color=look["ink"]).encode(
                text=alt.value(f"{needed} of {count} accounts")
            )
        )
    show(alt.layer(*layers).properties(height=HEIGHT, padding=PADDING), key, alt_text)


def share_with_references(data: Rows, column: str, marks: Rows, unit: str, *, key: str, alt_text: str) -> None:
    """A share over months, with figures from the literature as dashed lines that are named and not judged by."""
    look = colours()
    points = [{"month": row["month"], "value": row[column]} for row in data if row.get(column) is not None]
    x, y = month_axis(), alt.Y("value:Q", title=None, axis=alt.Axis(format=".0%", tickCount=5))
    base = alt.Chart(inline(points)).encode(x=x, y=y)
    layers: list[alt.Chart] = [
        base.mark_line(color=look["blue"], strokeWidth=2.25),
        base.mark_point(size=40, filled=True, color=look["blue"]).encode(
            tooltip=[alt.Tooltip("month:O", title="Month"), alt.Tooltip("value:Q", title=unit, format=".1%")]
        ),
    ]
    if points and marks:
        named = [{"value": row["value"], "label": row["label"], "month": points[0]["month"]} for row in marks]
        rule = alt.Chart(inline(named))
        layers.append(rule.mark_rule(strokeDash=[5, 4], color=look["muted"]).encode(y="value:Q"))
        layers.append(
            rule.mark_text(align="left", dy=-7, dx=-4, fontSize=11, color=look["muted"]).encode(
                x="month:O", y="value:Q", text="label:N"
            )
        )
    show(alt.layer(*layers).properties(height=HEIGHT, padding=PADDING), key, alt_text)


def curve(data: Rows, unit: str, *, key: str, alt_text: str) -> None:
    """Revenue and cost of one account, added up from its first month."""
    points = drawable(data)
    names = {"revenue_to_date": ("Revenue", "blue"), "cost_to_date": ("Cost", "orange")}
    drawn = [
        {"month": row["month"], "series": name, "value": row[column], "times": row["revenue_to_cost"]}
        for row in points
        for column, (name, _) in names.items()
        if row[column] is not None
    ]
    labels = [name for name, _ in names.values()]
    chart = (
        alt.Chart(inline(drawn))
        .mark_line(strokeWidth=2.25, point=alt.OverlayMarkDef(size=30))
        .encode(
            x=month_axis(),
            y=amount_axis(COMPACT),
            color=alt.Color(
                "series:N", scale=scale(labels, [colour for _, colour in names.values()]), legend=alt.Legend()
            ),
            tooltip=[
                alt.Tooltip("month:O", title="Month"),
                alt.Tooltip("series:N", title="To date"),
                alt.Tooltip("value:Q", title=unit, format=",.0f"),
                alt.Tooltip("times:Q", title="Revenue ÷ cost", format=".2f"),
            ],
        )
    )
    show(chart.properties(height=HEIGHT, padding=PADDING), key, alt_text)
