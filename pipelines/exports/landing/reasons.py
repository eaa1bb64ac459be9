"""Why a text could not be read as a canonical column's value, in a person's words."""

from __future__ import annotations

from pipelines.exports.entities import STORED_TYPES, Column

_NUMBER_TYPES = ("money", "price", "rate", "quantity", "integer")
# The years that a date may lie in: what is earlier or later is a slip of the pen or a system's word for "none".
FIRST_YEAR = 1970
YEARS_AHEAD = 10
# A longer vocabulary is not told in a sentence.
MOST_WORDS = 20


def unread_reason(
    column: Column, patterns: list[str], bounds: tuple[float, float | None] | None = None, contract: str = ""
) -> str:
    """The sentence for a text that is no value of the column.

    `patterns` are those of its dates and times, `bounds` the least and the greatest number, `contract` the name of the
    one that a user may teach a word.
    """
    if len(column.one_of) > MOST_WORDS:
        return f"is none of the {len(column.one_of)} words that may stand for {column.name}"
    if column.one_of:
        words = ", ".join(column.one_of)
        told = ", and the rest of the row does not tell" if column.unknown else ""
        teach = f"; say what it means under `words` in contracts/{contract}.yml" if contract else ""
        return f"is none of the words that the contract knows for {column.name} ({words}){told}{teach}"
    if column.type in ("date", "timestamp"):
        what = "date" if column.type == "date" else "time"
        years = "" if column.any_year else f", from {FIRST_YEAR} to {YEARS_AHEAD} years after its export"
        return f"is no {what} as the contract reads them ({', '.join([*patterns, 'ISO 8601'])}){years}"
    if column.type == "seconds":
        return f"is no number from 0 on that fits {STORED_TYPES[column.type]}"
    if column.type == "ratio":
        return "is no share from 0 to 1 (80 % is 0.8)"
    if column.type in _NUMBER_TYPES:
        what = "whole number" if column.type == "integer" else "number"
        if bounds:
            return f"is no {what} from {bounds[0]:g} {'on' if bounds[1] is None else f'to {bounds[1]:g}'}"
        return f"is no {what} that fits {STORED_TYPES[column.type]}"
    if column.type == "boolean":
        return "is neither yes nor no"
    if column.type == "currency":
        return "is no ISO 4217 currency code"
    return "does not hold what the contract extracts from it"
