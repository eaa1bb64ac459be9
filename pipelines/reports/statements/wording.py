"""What a document may hold: decimals that add up, and text from data on one line."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from babel.numbers import get_currency_precision

MOST_DECIMALS = 4
# A longer name or reference is cut: a document has columns, and a page an end.
LONGEST = 300

# Characters that steer a reader's eye, not a text: controls, and marks that turn the direction of what follows.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def decimals_of(amounts: list[Decimal], currency: str) -> int:
    """As many decimals as the currency has, or more where an amount would be rounded: what is shown adds up."""
    needed = max((_decimals(amount) for amount in amounts), default=0)
    return min(max(get_currency_precision(currency), needed), MOST_DECIMALS)


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def clean(value: object) -> str:
    """Text from data on one line, without characters that a document must not hold."""
    text = _DIRECTIONS.sub("", str(value))
    line = " ".join("".join(" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
