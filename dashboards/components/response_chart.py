"""A chart of shares with their intervals beside what they are compared with: what reminders bring."""

from __future__ import annotations

import altair as alt

from dashboards.components.charts import PADDING, Rows, drawable, inline, show
from dashboards.components.palette import colours


def responses(data: Rows, *, key: str, alt_text: str) -> None:
    """A row a step: the rate as a dot in its interval, and a bar across for the comparison."""
    look = colours()
    points = drawable(data)
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=150))
    x = alt.X("low:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5, grid=True))
    tips = [
        alt.Tooltip("label:N", title=" "),
        alt.Tooltip("rate:Q", title="Paid in the window", format=".1%"),
        alt.Tooltip("low:Q", title="from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
        alt.Tooltip("steps:Q", title="Reminders", format=",.0f"),
        alt.Tooltip("comparison_rate:Q", title="Untouched", format=".1%"),
        alt.Tooltip("comparison_invoices:Q", title="Untouched invoices", format=",.0f"),
    ]
    base = alt.Chart(inline(points)).encode(y=y, tooltip=tips)
    names = ["Reminded (95 %)", "Untouched"]
    legend = alt.Scale(domain=names, range=[look["teal"], look["grey"]])
    layers = [
        base.mark_rule(strokeWidth=2, color=look["teal"]).encode(x=x, x2="high:Q"),
        base.transform_calculate(series=f"'{names[0]}'")
        .mark_point(filled=True, size=110, opacity=1)
        .encode(x="rate:Q", color=alt.Color("series:N", scale=legend, title=None)),
        base.transform_filter("isValid(datum.comparison_rate)")
        .transform_calculate(series=f"'{names[1]}'")
        .mark_tick(thickness=4, size=22)
        .encode(x="comparison_rate:Q", color=alt.Color("series:N", scale=legend, title=None)),
    ]
    show(alt.layer(*layers).properties(height=max(60 + 44 * len(points), 120), padding=PADDING), key, alt_text)
