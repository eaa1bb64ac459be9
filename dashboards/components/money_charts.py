"""Charts of money owed: by age, over time, and what moved it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from dashboards.components.charts import HEIGHT, PADDING, Rows, amount_axis, bars, inline, legend, scale, show
from dashboards.components.formats import BUCKET_WORDS
from dashboards.components.palette import ageing, colours
from pipelines.charts import specs


def ageing_bar(parts: Rows, *, key: str, alt_text: str) -> None:
    """What open money is made of, by age: a bar a row of `label`, all of one length, for currencies differ."""
    points = [
        {"label": row["label"], "series": BUCKET_WORDS[bucket], "value": float(row[bucket] or 0), "order": place}
        for row in parts
        for place, bucket in enumerate(BUCKET_WORDS)
    ]
    names = list(BUCKET_WORDS.values())
    chart = (
        alt.Chart(inline(points))
        .mark_bar(cornerRadius=1)
        .encode(
            y=alt.Y("label:N", title=None, sort=[row["label"] for row in parts], axis=alt.Axis(labelLimit=150)),
            x=alt.X("value:Q", title=None, stack="normalize", axis=alt.Axis(format=".0%", tickCount=5)),
            color=alt.Color("series:N", scale=scale(names, ageing()), sort=names, legend=legend(names)),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("label:N", title="Currency"),
                alt.Tooltip("series:N", title="Age"),
                alt.Tooltip("value:Q", title="Amount", format=",.2f"),
            ],
        )
    )
    show(chart.properties(height=90 + 30 * len(parts), padding=PADDING), key, alt_text)


def ageing_columns(values: dict[str, Any], unit: str, *, key: str, alt_text: str) -> None:
    """Open money by age at one date: a column a bucket, with its amount above."""
    points = [
        {"bucket": words, "value": float(values.get(bucket) or 0), "colour": colour}
        for (bucket, words), colour in zip(BUCKET_WORDS.items(), ageing(), strict=True)
    ]
    base = alt.Chart(inline(points)).encode(
        x=alt.X(
            "bucket:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelAngle=0, labelLimit=80, labelExpr="split(datum.label, ' ')"),
        ),
        y=amount_axis(),
    )
    columns = base.mark_bar(cornerRadius=2).encode(
        color=alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("bucket:N", title="Age"), alt.Tooltip("value:Q", title=unit, format=",.2f")],
    )
    text = base.mark_text(dy=-8, fontSize=12, color=colours()["ink"]).encode(text=alt.Text("value:Q", format=".3~s"))
    show(
        alt.layer(columns, text).properties(height=HEIGHT, padding=PADDING),
        key,
        alt_text,
    )


def own_ageing(data: Rows, unit: str, *, key: str, alt_text: str) -> None:
    """Open money by buckets of the user's own: from the due date and from the issue date, side by side."""
    look = colours()
    points = [
        {"bucket": row["bucket"], "series": name, "value": float(row[column] or 0)}
        for row in data
        for column, name in (("open_amount", "Since due"), ("open_amount_by_issue", "Since issue"))
    ]
    names = ["Since due", "Since issue"]
    chart = (
        alt.Chart(inline(points))
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("bucket:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelLimit=80)),
            xOffset=alt.XOffset("series:N", sort=names),
            y=amount_axis(),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=names, range=[look["orange"], look["blue"]]),
                sort=names,
                legend=legend(names),
            ),
            tooltip=[
                alt.Tooltip("bucket:N", title="Days"),
                alt.Tooltip("series:N", title="Counted"),
                alt.Tooltip("value:Q", title=unit, format=",.2f"),
            ],
        )
    )
    show(chart.properties(height=HEIGHT, padding=PADDING), key, alt_text)


def ageing_history(data: Rows, unit: str, *, key: str, alt_text: str) -> None:
    """Open money by age at each month end."""
    bars(data, BUCKET_WORDS, ageing(), unit, key=key, alt_text=alt_text)


def waterfall(
    steps: Sequence[tuple[str, Any, bool]], unit: str, *, more_is_better: bool = False, key: str, alt_text: str
) -> None:
    """From one balance to another. A step is (name, amount, whether it is a balance rather than a change)."""
    show(specs.waterfall(steps, unit, colours(), more_is_better=more_is_better), key, alt_text)
