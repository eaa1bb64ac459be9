"""Tables: a grid of the query's own columns with words as headers, a click that opens a row, a CSV of all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import streamlit as st

from dashboards.components.csv import to_csv
from dashboards.components.formats import UNKNOWN
from dashboards.components.words import worded

# So many rows are shown; the download has them all.
MOST = 1_000
EVERY = 1_000_000

Kind = Literal[
    "text", "money", "count", "number", "ratio", "real", "of_row", "days", "date", "time", "bool", "score", "bytes"
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """How one column shows: its header, its kind, and a sentence about it."""

    label: str
    kind: Kind = "text"
    help: str | None = None
    pinned: bool = False
    width: Literal["small", "medium", "large"] | int | None = None
    # Left out where not one row has a value.
    optional: bool = False
    # The group of words of a column that holds codes.
    words: str | None = None


def _config(column: Column) -> Any:
    shared: dict[str, Any] = {"help": column.help, "pinned": column.pinned or None, "width": column.width}
    match column.kind:
        case "money":
            return st.column_config.NumberColumn(column.label, format="%,.2f", **shared)
        case "count":
            return st.column_config.NumberColumn(column.label, format="%,d", **shared)
        case "number":
            return st.column_config.NumberColumn(column.label, format="plain", **shared)
        case "ratio":
            return st.column_config.NumberColumn(column.label, format="percent", **shared)
        case "real" | "days":
            return st.column_config.NumberColumn(column.label, format="%,.1f", **shared)
        case "of_row":
            # Rows of several units: minutes beside a share of some thousandths.
            return st.column_config.NumberColumn(column.label, format="%.4g", **shared)
        case "score":
            return st.column_config.NumberColumn(column.label, format="%,.0f", **shared)
        case "bytes":
            return st.column_config.NumberColumn(column.label, format="bytes", **shared)
        case "date":
            return st.column_config.DateColumn(column.label, format="YYYY-MM-DD", **shared)
        case "time":
            return st.column_config.DatetimeColumn(column.label, format="YYYY-MM-DD HH:mm", **shared)
        case _:
            return st.column_config.TextColumn(column.label, **shared)


def in_words(data: pa.Table, columns: dict[str, Column]) -> pa.Table:
    """The table with its codes in words."""
    return worded(data, {name: column.words for name, column in columns.items() if column.words})


def _typed(data: pa.Table, columns: dict[str, Column]) -> pa.Table:
    # A column of which nothing is known has no type of its own; the grid wants one.
    fields = []
    for name in data.column_names:
        values = data.column(name)
        if pa.types.is_null(values.type):
            values = values.cast(pa.string())
        elif pa.types.is_decimal(values.type) and columns[name].kind == "count":
            values = values.cast(pa.float64())
        if columns[name].kind == "bool":
            # A tick box would look as if it could be ticked.
            words = {True: "yes", False: "no", None: None}
            values = pa.array([words[value] for value in values.to_pylist()], pa.string())
        fields.append(values)
    return pa.table(dict(zip(data.column_names, fields, strict=True)))


def table(
    data: pa.Table,
    columns: dict[str, Column],
    key: str,
    *,
    pick: str | None = None,
    height: int | Literal["auto", "content"] = "auto",
) -> Any:
    """Shows the named columns.

    With `pick`, a click on a row returns that column's value of it, else None. The first column doesn't take clicks, so
    let it be one that nobody would click to open the row.
    """
    columns = {
        name: column
        for name, column in columns.items()
        if not column.optional or data.column(name).null_count < data.num_rows
    }
    shown = _typed(in_words(data, columns).select(list(columns)), columns)
    common: dict[str, Any] = {
        "hide_index": True,
        "column_config": {name: _config(column) for name, column in columns.items()},
        "placeholder": UNKNOWN,
        "height": height,
        "lazy": False,
    }
    if pick is None:
        st.dataframe(shown, key=key, **common)
        return None
    # A fresh key once a row was opened, so that coming back doesn't open it again.
    turn = st.session_state.get(f"{key}_turn", 0)
    # A click in the row opens it, and so does its tick box, which a keyboard reaches. The first column's cells don't
    # count: a grid that gets the focus, by the click on a header that sorts it, reports its first cell as clicked.
    modes: list[Literal["single-row", "single-cell"]] = ["single-row", "single-cell"]
    state = st.dataframe(shown, key=f"{key}_{turn}", on_select="rerun", selection_mode=modes, **common)
    first = shown.column_names[0]
    clicked = [row for row, column in state["selection"]["cells"] if column != first]
    picked = [row for row in [*state["selection"]["rows"], *clicked] if 0 <= row < data.num_rows]
    if not picked:
        return None
    st.session_state[f"{key}_turn"] = turn + 1
    return data.column(pick)[picked[0]].as_py()


def download(
    label: str, name: str, every: Callable[[], pa.Table], key: str, columns: dict[str, Column] | None = None
) -> None:
    """A button that saves all rows of a query as CSV; the query runs when it is pressed.

    With the table's columns, what they hold as codes is said in words.
    """
    st.download_button(
        label,
        data=lambda: to_csv(in_words(every(), columns or {})),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"{key}_download",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def shown_of(shown: int, total: int, noun: str) -> None:
    """Says so when a table is cut."""
    if total > shown:
        st.caption(f"The first {shown:,} of {total:,} {noun}. The download has all of them.")
