"""Charts of the cash forecast: weeks with a band, and the error of methods."""

from __future__ import annotations

import altair as alt

from dashboards.components.charts import HEIGHT, PADDING, Rows, amount_axis, drawable, inline, scale, show
from dashboards.components.palette import colours


def weeks_with_band(data: Rows, unit: str, *, key: str, alt_text: str) -> None:
    """A column a week, its promised part darker, with a whisker from low to high where they are known."""
    look = colours()
    points = drawable(data)
    names = ["Expected", "of it promised"]
    parts = [
        {**row, "series": name, "value": row[column] or 0.0}
        for row in points
        for name, column in zip(names, ("expected_amount", "promised_amount"), strict=True)
    ]
    axis = alt.X(
        "week:O",
        title=None,
        axis=alt.Axis(
            labelAngle=0, labelOverlap="parity", grid=False, labelExpr="substring(datum.value, 5)", labelFlush=False
        ),
    )
    tips = [
        alt.Tooltip("week:O", title="Week of"),
        alt.Tooltip("expected_amount:Q", title=f"Expected, {unit}", format=",.0f"),
        alt.Tooltip("promised_amount:Q", title="Promised", format=",.0f"),
    ]
    banded = [row for row in points if row["low"] is not None]
    if banded:
        tips += [
            alt.Tooltip("low:Q", title="Low", format=",.0f"),
            alt.Tooltip("high:Q", title="High", format=",.0f"),
        ]
    columns = (
        alt.Chart(inline(parts))
        .mark_bar(cornerRadius=2)
        .encode(
            x=axis,
            y=amount_axis().stack(None),
            color=alt.Color("series:N", scale=scale(names, ["teal", "violet"]), sort=names, legend=alt.Legend()),
            tooltip=tips,
        )
    )
    layers: list[alt.Chart] = [columns]
    if banded:
        band = alt.Chart(inline(banded)).encode(x=axis, tooltip=tips)
        layers.append(band.mark_rule(strokeWidth=1.5, color=look["ink"]).encode(y="low:Q", y2="high:Q"))
        layers += [
            band.mark_tick(thickness=1.5, size=12, color=look["ink"]).encode(y=f"{edge}:Q") for edge in ("low", "high")
        ]
    show(alt.layer(*layers).properties(height=HEIGHT, padding=PADDING), key, alt_text)
