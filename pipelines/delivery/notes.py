"""What stands above a report's first sentence: that it is late or corrected, and what in it is to be read with care."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pipelines.delivery.brake import Finding
from pipelines.words import Language

# How many figures a correction names.
MOST_CHANGED = 8


def cared(found: Sequence[Finding], language: Language) -> list[str]:
    """A line a cause: the report's own tables name what is late or odd."""
    causes = Counter(each.cause for each in found)
    first = {each.cause: each for each in reversed(found)}
    return [
        f"{language.text('delivery.care')}: "
        + (language.text(f"delivery.many.{cause}", count=count) if count > 1 else first[cause].told(language))
        for cause, count in causes.items()
    ]


def corrected(changed: Sequence[Mapping[str, Any]], sent_on: date, language: Language, most: int) -> list[str]:
    """That it replaces what was sent, and the first figures that changed, by the names of their columns."""
    notes = [language.text("delivery.corrected.replaces", sent_on=sent_on, count=len(changed))]
    notes += [language.text("delivery.corrected.figure", **figure) for figure in changed[:most]]
    if len(changed) > most > 0:
        notes.append(language.text("delivery.corrected.more", count=len(changed) - most))
    return notes
