"""A language's wording, and how it writes dates and amounts. The texts are data: `texts.yml`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_precision

TEXTS = Path(__file__).with_name("texts.yml")
MOST_DECIMALS = 4
# A longer name or reference is cut: a document has columns, and a page an end.
LONGEST = 300

# Characters that steer a reader's eye, not a text: controls, and marks that turn the direction of what follows.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


@dataclass(frozen=True)
class Language:
    """One language of `texts.yml`."""

    code: str
    texts: dict[str, Any]

    @property
    def locale(self) -> Locale:
        """How CLDR writes dates and numbers in it."""
        return Locale.parse(self.texts["locale"])

    def text(self, path: str, **filled: object) -> str:
        """The text at a path such as `act.title`, with its names filled in; what is filled in is data and stays so."""
        found: Any = self.texts
        for name in path.split("."):
            found = found[name]
        return str(found).format(**filled) if filled else str(found)

    def day(self, value: date) -> str:
        """A date in a table."""
        return str(format_date(value, self.texts["date"], self.locale))

    def long_day(self, value: date) -> str:
        """A date in a sentence."""
        return str(format_date(value, "long", self.locale))

    def amount(self, value: Decimal, decimals: int) -> str:
        """An amount without its currency, to so many decimals."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(value, pattern, self.locale, decimal_quantization=True)).replace("\u2212", "-")

    def money(self, value: Decimal, currency: str, decimals: int) -> str:
        """An amount with its currency's code, on one line."""
        return f"{self.amount(value, decimals)}\u00a0{currency}"

    def kind(self, name: str) -> str:
        """What a line is, in words; a kind that this version has no words for stays as it is."""
        return str(self.texts["kinds"].get(name, name.replace("_", " ")))


@cache
def languages() -> dict[str, Language]:
    """Code -> language, in the order of `texts.yml`."""
    found = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return {code: Language(code, texts) for code, texts in found.items()}


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
