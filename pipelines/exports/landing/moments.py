"""SQL that reads a text as a date or a moment."""

from __future__ import annotations

from pipelines.exports.entities import Column
from pipelines.exports.landing.orders import Dates
from pipelines.exports.readers.grids import quoted

MOMENT = "TIMESTAMP WITH TIME ZONE"


def day(moment: str, column: Column, business_timezone: str) -> str:
    """A moment as the column holds it: of a date the day in the business time zone."""
    if column.type == "timestamp":
        return moment
    return f"cast(timezone({quoted(business_timezone)}, {moment}) as DATE)"


def read(text: str, column: Column, known: list[str], dates: Dates, business_timezone: str) -> str:
    """A date or time by a contract's patterns, ISO 8601, or as the file writes them; a date without a time stays as it is."""
    # The file's own patterns first: %Y of a contract's would read 24 as the year 24.
    readings = _by(text, column, [*dates.numbers, *dates.fitting(known)], business_timezone)
    if dates.named:
        readings += _by(dates.plain(text), column, list(dates.named), business_timezone)
    # A text with its year first is ISO 8601, unless the contract says that the day follows the year. It is tried first
    # because a pattern that does not fit costs twenty times as much.
    date = f"try_cast({text} as {column.stored_type})"
    moment = day(f"try_cast({text} as {MOMENT})", column, business_timezone)
    iso = f"(case when substr({text}, 5, 1) = '-' then (case when length({text}) <= 10 then {date} else {moment} end) end)"
    if not any(pattern.startswith("%Y") and pattern.index("%d") < pattern.index("%m") for pattern in known):
        readings.insert(0, iso)
    # %Y takes 17 for the year 17: a year of less than four digits is none. greatest() passes over NULL.
    first = f"cast('1000-01-01 00:00:00+00' as {column.stored_type})"
    return f"nullif(greatest(coalesce({', '.join(readings)}), {first}), {first})"


def _by(text: str, column: Column, known: list[str], business_timezone: str) -> list[str]:
    """Readings of a text by strptime patterns."""
    days = [pattern for pattern in known if "%H" not in pattern and "%I" not in pattern]
    zoned = [pattern for pattern in known if "%z" in pattern.lower() and pattern not in days]
    clocks = [pattern for pattern in known if pattern not in days and pattern not in zoned]
    moments = [
        f"cast(try_strptime({text}, [{', '.join(quoted(pattern) for pattern in patterns)}]) as {MOMENT})"
        for patterns in filter(None, (clocks, zoned))
    ]
    readings = [day(moment, column, business_timezone) for moment in moments]
    if days:
        listed = ", ".join(quoted(pattern) for pattern in days)
        readings.append(f"cast(try_strptime({text}, [{listed}]) as {column.stored_type})")
    return readings
