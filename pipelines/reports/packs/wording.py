"""How a figure of the pack is written in a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipelines.reports.packs.figures import Figure, Value
from pipelines.reports.packs.sections import Pack, Pair, Section
from pipelines.reports.statements.wording import clean
from pipelines.words import UNKNOWN, Language, catalogue, words

# How many accounts a sentence names.
NAMED = 3


def shown(figure: Figure, kind: str, language: Language) -> str:
    """A figure as the language writes it; what is not known is a dash."""
    return written(figure.value, kind, language)


def written(value: Value, kind: str, language: Language) -> str:
    """A value by its kind: money in whole units, pay to the cent, counts whole, shares in percent."""
    if value is None or value != value:
        return UNKNOWN
    if kind in ("money", "count", "pay"):
        return language.amount(value, 2 if kind == "pay" else 0).replace(" ", "\u00a0")  # type: ignore[arg-type]
    if kind == "month":
        return language.month(value)  # type: ignore[arg-type]
    if kind == "ratio":
        return language.share(value)  # type: ignore[arg-type]
    return str(value)


def text_of(figure: Figure, language: Language, titles: Mapping[str, str] | None = None) -> str:
    """A text of the data on one line, a code in words; a text that is no code of its group is itself."""
    if figure.value is None:
        if figure.words == "owner":
            return language.text("placeholder.no_owner")
        # What rows are summed by is not known of some; elsewhere there is nothing.
        return UNKNOWN if figure.column in figure.key else ""
    if figure.words == "contract":
        return clean((titles or {}).get(str(figure.value), str(figure.value)))
    # Reasons are several codes; a placeholder, a channel or an export's kind is one, or a text that a user wrote.
    if all(f"{figure.words}.{code}" in catalogue() for code in str(figure.value).split(",")):
        return clean("; ".join(words(str(figure.words), figure.value, language.code, **figure.row)))
    return clean(figure.value)


def difference(now: Figure, before: Figure | None) -> Decimal | None:
    """The change between two that stand beside each other."""
    if now.value is None or before is None or before.value is None:
        return None
    return Decimal(str(now.value)) - Decimal(str(before.value))


def signed(value: Any, language: Language, kind: str = "money") -> str:
    """A change as its kind is written, with its sign."""
    if value is None:
        return UNKNOWN
    # The change of a figure that is shown whole may be less than one.
    text, shows = written(value, kind, language), round(value, 2 if kind == "pay" else 0)
    return f"+{text}" if shows > 0 else text if shows else text.removeprefix("-")


def changed_by(now: Figure, before: Figure | None, kind: str, language: Language) -> str:
    """The change between two, of shares in percentage points."""
    change = difference(now, before)
    if kind == "ratio" and change is not None:
        return language.text("pack.points", points=signed(change * 100, language))
    return signed(change, language, kind)


def money(figure: Figure | None, pack: Pack, language: Language, kind: str = "money") -> str:
    """An amount in whole units with the currency of all."""
    said = shown(figure, kind, language) if figure else UNKNOWN
    return said if said == UNKNOWN else f"{said}\u00a0{pack.base_currency}"


def changed(pair: Pair, pack: Pack, language: Language, report: str) -> str:
    """The change of a figure since the period before, in words of a report."""
    change = difference(pair.now, pair.before)
    if change is None:
        return language.text(f"{report}.changed.unknown")
    way = "same" if not round(change) else "more" if change > 0 else "less"
    size = f"{written(abs(change), 'money', language)}\u00a0{pack.base_currency}"
    return language.text(f"{report}.changed.{way}", size=size)


def named(rows: Sequence[Sequence[Figure]], place: int = 0) -> str | None:
    """The first names of a list, each once."""
    names = list(dict.fromkeys(clean(row[place].value) for row in rows))[:NAMED]
    return "; ".join(names) or None


def counted(section: Section) -> str | None:
    """How many rows a list has; nothing where nobody knows."""
    return str(len(section.rows)) if section.rows or section.told else None
