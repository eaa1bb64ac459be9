"""How values leave Keybook: shared by the command and the dashboards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?")
# Where a spreadsheet whose separator is another than the comma begins a cell within our cell, and would run it.
_INNER = re.compile(r"([;\t\r\n][\s\"]*)(?=[=+\-@＝＋－＠])")


def neutral(value: Any) -> Any:
    """The value as a cell: text that a spreadsheet would run gets an apostrophe in front, a number does not."""
    if not isinstance(value, str):
        return "" if value is None else value
    starts = value.lstrip(" ").startswith(_STARTS) or value.startswith(_STARTS)
    return "'" + value if starts and not _NUMBER.fullmatch(value.strip(" ")) else value


def csv_line(values: Iterable[Any]) -> str:
    """A line of RFC 4180 text, each text in quotes, that runs nothing in a spreadsheet, whatever separates its cells.

    Quotes alone do not do: where the semicolon separates, what stands behind the first comma is not in quotes.
    """
    return ",".join(map(_csv_cell, values)) + "\r\n"


def _csv_cell(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, int | float | Decimal | date):
        return str(value)
    text = _INNER.sub(r"\1'", str(neutral(str(value))))
    return '"' + text.replace('"', '""') + '"'


def printable(text: str) -> str:
    """The text for a terminal: what is no sign but an order to it is a question mark."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
