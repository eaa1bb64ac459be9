"""How values read: money with its currency, ISO dates, a dash for what is not known. Text from data stays text."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

UNKNOWN = "–"
NOT_KNOWN_HINT = f"{UNKNOWN} means not known: nothing that was exported tells it, or a part of it has no exchange rate."

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#!|~$&])")
# A colon before a word makes an icon or a colour; an address makes a link of itself.
_DIRECTIVE = re.compile(r"(:(?=\w|//)|\bwww(?=\.)|@(?=\w))", re.IGNORECASE)


def plain(text: object) -> str:
    """Text from data for a place that renders Markdown: signs that mean something are escaped, lines are joined."""
    joined = " ".join(str(text).split())
    # What can't be escaped has an invisible joiner behind it, which ends that.
    return _DIRECTIVE.sub("\\1\u2060", _MARKDOWN.sub(r"\\\1", joined))


def number(value: Any, decimals: int = 0) -> str:
    """A count or a measure with thousands separators."""
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"


def money(value: Any, currency: str | None, decimals: int = 0) -> str:
    """An amount with its currency code; from a hundred million on in millions."""
    if value is None:
        return UNKNOWN
    code = currency or "?"
    if abs(value) >= 100_000_000:
        return f"{code} {value / 1_000_000:,.1f}M"
    return f"{code} {value:,.{decimals}f}"


def percent(value: Any, decimals: int = 1) -> str:
    """A ratio (0.125) as a percentage (12.5 %)."""
    return UNKNOWN if value is None else f"{Decimal(str(value)) * 100:,.{decimals}f}%"


def signed(value: Any, decimals: int = 0, unit: str = "") -> str | None:
    """A change with its sign; a plain 0, which has no direction, where it rounds to nothing; None where not known."""
    if value is None:
        return None
    text = f"{value:+,.{decimals}f}"
    return f"{text} {unit}".rstrip() if any(digit in text for digit in "123456789") else "0"


def size(count: int | None) -> str:
    """Bytes in a unit that a person reads."""
    if count is None:
        return number(None)
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:,.0f} {unit}"
        count = round(count / 1024)
    return f"{count:,.0f} GiB"


def points(change: Any) -> str | None:
    """The change of a ratio in percentage points."""
    return signed(None if change is None else change * 100, 1, "pp")


def against(month: str) -> str:
    """The month (2026-09) that a tile's change is against, as short as the narrowest tile needs it: vs Sep."""
    return f"vs {date.fromisoformat(f'{month}-01'):%b}"


def quarter_words(quarter: date) -> str:
    """A quarter by its first day: 2026-Q4."""
    return f"{quarter.year}-Q{(quarter.month + 2) // 3}"


def last_week(as_of: date | None) -> date | None:
    """The Monday of the last week that is over: a week ends with its Sunday."""
    return as_of and as_of - timedelta(days=(as_of.weekday() + 1) % 7 + 6)


def plural(count: int, noun: str) -> str:
    """1 file, 2 files."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def days(value: Any) -> str:
    """A duration in days."""
    return UNKNOWN if value is None else f"{value:,.1f} days"


def iso(value: date | datetime | None) -> str:
    """A date, or a time to the minute."""
    if value is None:
        return UNKNOWN
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value.isoformat()


def words(value: str | None) -> str:
    """A fixed name of the data (`days_1_30`) in words; the ageing buckets have words of their own."""
    if value is None:
        return UNKNOWN
    return BUCKET_WORDS.get(value, value.replace("_", " "))


BUCKET_WORDS = {
    "not_due": "Not due",
    "days_1_30": "1–30 days",
    "days_31_60": "31–60 days",
    "days_61_90": "61–90 days",
    "days_91_120": "91–120 days",
    "days_over_120": "Over 120 days",
}
