"""Charts of key accounts: size beside fit, and time beside revenue."""

from __future__ import annotations

from typing import Any

import altair as alt

from dashboards.components.charts import PADDING, Rows, drawable, inline, scale, show
from dashboards.components.palette import colours


def _named(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points whose names don't cover one another, those with most revenue first."""
    kept: list[dict[str, Any]] = []
    for point in points:
        apart = (abs(point["revenue_share"] ** 0.5 - other["revenue_share"] ** 0.5) > 0.012 for other in kept
                 if abs(point["fit_share"] - other["fit_share"]) < 0.2)  # fmt: skip
        if (point["is_listed"] or point["is_large"]) and all(apart):
            kept.append(point)
    return kept


def size_and_fit(data: Rows, size_cut: float | None, fit_cut: float | None, *, key: str, alt_text: str) -> None:
    """A point an account: criteria met to the right, share of revenue upwards; lines at the cuts, names with room."""
    look = colours()
    points = [row | {"series": "Key account" if row["is_listed"] else "Other account"} for row in drawable(data)]
    fit = alt.X(
        "fit_share:Q",
        title="Criteria met, without those of revenue",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", tickCount=5, titleAnchor="end"),
    )
    size = alt.Y(
        "revenue_share:Q",
        title=None,
        scale=alt.Scale(type="sqrt", nice=True),
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    tips = [
        alt.Tooltip("account_name:N", title=" "),
        alt.Tooltip("revenue_share:Q", title="Share of revenue", format=".1%"),
        alt.Tooltip("revenue_12m:Q", title="Revenue, 12 months", format=",.0f"),
        alt.Tooltip("criteria_met:Q", title="Criteria met"),
        alt.Tooltip("criteria_total:Q", title="of"),
        alt.Tooltip("stage:N", title="Stage"),
    ]
    names = ["Key account", "Other account"]
    base = alt.Chart(inline(points)).encode(x=fit, y=size)
    layers = [
        *(
            alt.Chart(inline([{"cut": cut}])).mark_rule(color=look["grey"], strokeDash=[4, 4]).encode(**{axis: "cut:Q"})
            for axis, cut in (("x", fit_cut), ("y", size_cut))
            if cut is not None
        ),
        base.mark_point(filled=True, size=95, opacity=0.85, stroke=look["ground"], strokeWidth=0.5).encode(
            color=alt.Color("series:N", scale=scale(names, ["teal", "grey"]), legend=alt.Legend(symbolType="circle")),
            tooltip=tips,
        ),
        alt.Chart(inline(_named(points)))
        .mark_text(align="left", dx=8, dy=-6, fontSize=11, color=look["muted"], limit=140)
        .encode(x=fit, y=size, text="account_name:N"),
    ]
    show(alt.layer(*layers).properties(height=380, padding=PADDING), key, alt_text)


def lorenz(data: Rows, *, key: str, alt_text: str) -> None:
    """Shares of revenue and of time added up over the accounts, those with most revenue first."""
    look = colours()
    names = ["Revenue", "Time"]
    points = [{"rank": 0, "series": name, "value": 0.0, "account_name": ""} for name in names]
    for row in drawable(data):
        for name, column in zip(names, ("revenue_share_up_to", "effort_share_up_to"), strict=True):
            if row[column] is not None:
                points.append(
                    {
                        "rank": row["revenue_rank"],
                        "series": name,
                        "value": row[column],
                        "account_name": row["account_name"],
                    }
                )
    last = max((float(row["revenue_rank"]) for row in data), default=1.0)
    base = alt.Chart(inline(points)).encode(
        x=alt.X(
            "rank:Q",
            title="Accounts, most revenue first",
            scale=alt.Scale(domain=[0, last], nice=False),
            axis=alt.Axis(tickMinStep=1, format="d", titleAnchor="end", grid=False),
        ),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5)),
        color=alt.Color("series:N", scale=scale(names, ["blue", "orange"]), sort=names),
    )
    tips = [
        alt.Tooltip("rank:Q", title="Accounts"),
        alt.Tooltip("account_name:N", title="up to"),
        alt.Tooltip("series:N", title="Share of"),
        alt.Tooltip("value:Q", title="together", format=".1%"),
    ]
    even = alt.Chart(inline([{"rank": 0, "value": 0.0}, {"rank": last, "value": 1.0}]))
    layers = [
        even.mark_line(color=look["grid"], strokeDash=[4, 4]).encode(x="rank:Q", y="value:Q"),
        base.mark_line(strokeWidth=2.25),
        base.mark_point(filled=True, size=36).encode(tooltip=tips),
    ]
    show(alt.layer(*layers).properties(height=300, padding=PADDING), key, alt_text)
