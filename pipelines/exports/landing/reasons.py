"""Why a text could not be read as a canonical column's value, as a code with what was expected."""

from __future__ import annotations

from dataclasses import asdict

from pipelines.exports.codes import Rejection, RejectionCode
from pipelines.exports.entities import Column
from pipelines.exports.readers.grids import quoted

# The years that a date may lie in: what is earlier or later is a slip of the pen or a system's word for "none".
FIRST_YEAR = 1970
YEARS_AHEAD = 10
# A duration is no longer than a year: what is more is a moment in seconds, or microseconds.
MOST_SECONDS = 366 * 86_400
# A longer vocabulary is not told.
MOST_WORDS = 20
_CODES: dict[str, RejectionCode] = {
    "boolean": "no_boolean",
    "currency": "no_currency",
    "date": "no_date",
    "integer": "no_whole_number",
    "money": "no_number",
    "price": "no_number",
    "quantity": "no_number",
    "rate": "no_number",
    "ratio": "no_share",
    "seconds": "no_duration",
    "timestamp": "no_time",
}


def unread(
    column: Column, patterns: list[str], known_in: int, bounds: tuple[float, float | None] | None = None
) -> Rejection:
    """Why a text is no value of the column.

    `patterns` are those of its dates and times, `known_in` is the export's year, `bounds` the least and the greatest
    number.
    """
    if column.one_of:
        return Rejection("unknown_word", ", ".join(column.one_of) if len(column.one_of) <= MOST_WORDS else None)
    code = _CODES.get(column.type, "not_extracted")
    match column.type:
        case "date" | "timestamp":
            years = (None, None) if column.any_year else (str(FIRST_YEAR), str(known_in + YEARS_AHEAD))
            return Rejection(code, ", ".join([*patterns, "ISO 8601"]), None, *years)
        case "ratio":
            return Rejection(code, least="0", most="1")
        case "seconds":
            return Rejection(code, least="0", most=str(MOST_SECONDS))
        case "integer" | "money" | "price" | "quantity" | "rate" if bounds:
            least, most = (None if bound is None else f"{bound:g}" for bound in bounds)
            return Rejection(code, least=least, most=most)
        case "integer" | "money" | "price" | "quantity" | "rate":
            return Rejection(code, column.stored_type)
    return Rejection(code)


def rejection_sql(rejection: Rejection) -> str:
    """A rejection as SQL: a struct of its code and what it speaks of."""
    facts = (
        f"{name} := cast({'null' if value is None else quoted(value)} as varchar)"
        for name, value in asdict(rejection).items()
    )
    return f"struct_pack({', '.join(facts)})"
