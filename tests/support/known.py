"""What is known of a figure: totals and shares in fractions, of amounts some of which have no rate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

Total = TypeVar("Total")
Pieces = Sequence[tuple[Fraction, Fraction | None]]


def unrated(parts: Mapping[str, Pieces]) -> int:
    """How many amounts have no rate."""
    return sum(1 for piece in parts.values() for amount, with_rate in piece if amount != 0 and with_rate is None)


def known(total: Total, is_unknown: object) -> Total | None:
    """A total as far as it is known: of nothing that is known it is no nought."""
    return None if total == 0 and is_unknown else total


def known_sum(amounts: Collection[Fraction | None]) -> Fraction | None:
    """The sum of amounts of which some may not be known, as far as it is known."""
    return known(sum((amount for amount in amounts if amount is not None), Fraction(0)), None in amounts)


def close(found: Any, right: Any, places: str = "0.005") -> bool:
    """Equal but for the rounding to four decimals of what is added up."""
    if found is None or right is None:
        return found is right
    return abs(Fraction(found) - Fraction(right)) <= Fraction(places)
