"""Exchange rates for tests: quoted on some days, and missing for a while."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from tests.support.oracle import days

BASE, MAX_AGE = "EUR", 31
FIRST = date(2023, 11, 1)
# SEK moves every ten days; GBP has no quote for a third of each year, and nobody knows PLN.
QUOTES = {
    "SEK": {FIRST + days(10 * place): Fraction(85 + (7 * place) % 11, 1000) for place in range(120)},
    "GBP": {
        day: Fraction(115 + place % 5, 100)
        for place in range(80) if (day := FIRST + days(15 * place)).month not in (3, 4, 5, 9)
    },
}  # fmt: skip
ROWS: list[dict[str, Any]] = [
    {"_system": "rates", "currency": currency, "rate_date": day, "rate": float(value)}
    for currency, quotes in QUOTES.items()
    for day, value in quotes.items()
]
CURRENCIES = (BASE, *QUOTES, "PLN")


def rate(currency: str, day: date) -> Fraction | None:
    """Base units for one unit."""
    return Fraction(1) if currency == BASE else newest(QUOTES.get(currency, {}), day)


def newest(quotes: dict[date, Fraction], day: date) -> Fraction | None:
    """The last quote on or before the day, no older than 31 days."""
    known = [quoted for quoted in quotes if quoted <= day <= quoted + days(MAX_AGE)]
    return quotes[max(known)] if known else None
