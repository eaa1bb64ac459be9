"""How a figure of the pack is written in a language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.reports.statements.wording import clean
from pipelines.reports.weekly.figures import Figure, Value
from pipelines.words import UNKNOWN, Language, catalogue, words


def shown(figure: Figure, kind: str, language: Language) -> str:
    """A figure as the language writes it; what is not known is a dash."""
    return written(figure.value, kind, language)


def written(value: Value, kind: str, language: Language) -> str:
    """A value by its kind: money in whole units, counts whole, shares in percent."""
    if value is None or value != value:
        return UNKNOWN
    if kind in ("money", "count"):
        return language.amount(value, 0).replace(" ", "\u00a0")  # type: ignore[arg-type]
    if kind == "ratio":
        return language.share(value)  # type: ignore[arg-type]
    return str(value)


def text_of(figure: Figure, language: Language, titles: Mapping[str, str] | None = None) -> str:
    """A text of the data on one line, a code in words; a text that is no code of its group is itself."""
    if figure.value is None:
        return language.text("placeholder.no_owner") if figure.words == "owner" else ""
    if figure.words == "contract":
        return clean((titles or {}).get(str(figure.value), str(figure.value)))
    # Reasons are several codes; a placeholder, a channel or an export's kind is one, or a text that a user wrote.
    if figure.words == "health_reason" or f"{figure.words}.{figure.value}" in catalogue():
        return clean("; ".join(words(str(figure.words), figure.value, language.code, **figure.row)))
    return clean(figure.value)


def difference(now: Figure, before: Figure) -> Decimal | None:
    """The change between two that stand beside each other."""
    if now.value is None or before.value is None:
        return None
    return Decimal(str(now.value)) - Decimal(str(before.value))


def signed(value: Any, language: Language) -> str:
    """A change in whole units, with its sign."""
    if value is None:
        return UNKNOWN
    # The change of a figure that is shown whole may be less than one.
    text = written(value, "money", language)
    return f"+{text}" if round(value) > 0 else text if round(value) else text.removeprefix("-")
