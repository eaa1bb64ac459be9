"""How values leave Keybook: shared by the command and the dashboards."""

from __future__ import annotations

import re
from typing import Any

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?")


def neutral(value: Any) -> Any:
    """The value as a CSV cell: text that a spreadsheet would run gets an apostrophe in front, a number does not."""
    if not isinstance(value, str):
        return "" if value is None else value
    starts = value.lstrip(" ").startswith(_STARTS) or value.startswith(_STARTS)
    return "'" + value if starts and not _NUMBER.fullmatch(value.strip(" ")) else value
