"""Functions that the models call and SQL lacks: any script in Latin letters, phone numbers, likeness of names.

`dbt_plugin.py` registers them wherever dbt works, so that `keybook refresh`, `dbt build` and Dagster have them alike.
They exist only while the warehouse is built: a table holds what they gave, and no view may call them, because the
published file is read without them. On Spark, functions of the same names have to be registered (macros/functions.sql).

Each takes columns of text and gives NULL for NULL. All of them give the same for the same text on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

# In the order in which they are replaced; then letters that stand twice stand once.
_SPELLINGS = (
    ("shch", "sh"), ("tsch", "ch"), ("sch", "sh"), ("sht", "sh"), ("zh", "j"), ("kh", "h"), ("ph", "f"), ("th", "t"),
    ("ts", "c"), ("tz", "c"), ("cz", "c"), ("ck", "k"), ("x", "ks"), ("w", "v"), ("z", "s"), ("j", "i"), ("y", "i"),
    ("ae", "a"), ("oe", "o"), ("ue", "u"),
)  # fmt: skip
_TWICE = re.compile(r"([a-z])\1+")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")
# The languages in which an export may name a country; a two- or three-letter code is read in any case.
_LANGUAGES = ("en", "de", "sv", "nb", "da", "fi", "ru", "bg", "uk", "fr", "es", "it", "nl", "pl", "pt")


def latin(text: str) -> str:
    """Words in lower-case ASCII letters and digits, one space between them: `Ромашка ООО` becomes `romashka ooo`."""
    from anyascii import anyascii

    return _NOT_WORDS.sub(" ", anyascii(text).lower()).strip()


def same_sound(text: str) -> str:
    """Spellings of one sound as one, of text in `latin` letters: ö, oe and o, kh and h, letters doubled or not."""
    for spelling, sound in _SPELLINGS:
        text = text.replace(spelling, sound)
    # `Invest II` is not `Invest I`: short words keep their letters.
    return " ".join(_TWICE.sub(r"\1", word) if len(word) > 3 else word for word in text.split())


@lru_cache(maxsize=len(_LANGUAGES))
def _countries(language: str) -> dict[str, str]:
    """Names of countries in one language, in `latin` letters, and ISO 3166 codes -> the two-letter code."""
    from babel import Locale
    from babel.core import get_global

    territories = {code: name for code, name in Locale(language).territories.items() if len(code) == 2}
    found = {latin(name): code for code, name in territories.items()} | {code.lower(): code for code in territories}
    if language == "en":
        for alias, codes in get_global("territory_aliases").items():
            if len(codes) == 1 and alias.isalpha():
                found.setdefault(alias.lower(), codes[0])
        found |= dict.fromkeys(("uk", "england", "great britain", "scotland", "wales"), "GB")
        found |= {"usa": "US", "ssha": "US"}
    return found


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """The two-letter code of a country that is written as a name or a code; None when it is not known."""
    name = latin(text)
    # A language takes a tenth of a second to read, and most exports need the first one only.
    return next((code for language in _LANGUAGES if (code := _countries(language).get(name))), None)


def e164(text: str, country: str | None) -> str | None:
    """A phone number's digits in E.164, without the plus; None for what cannot be a number of that country."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def name_similarity(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1, rounded to four places.

    Words are paired, the most alike first: half of the figure is the mean likeness of all words by their length, half
    the likeness of the worst pair, because `Norrvik Trä` and `Norrvik Tryck` are two companies though most letters
    agree. Words with digits and words of up to three letters are the same or not at all alike: `Invest 1`, `Invest 2`.
    A word more in one name halves the second half. Words written together count as alike (0.97).
    """
    from rapidfuzz.distance import Indel

    def alike(a: str, b: str) -> float:
        if max(len(a), len(b)) <= 3 or any(sign.isdigit() for sign in a + b):
            return float(a == b)
        return Indel.normalized_similarity(a, b)

    if one == other:
        return 1.0
    left, right = one.split(), other.split()
    if not left or not right:
        return 0.0
    whole = Indel.normalized_similarity("".join(left), "".join(right))
    if whole == 1.0:
        return 0.97
    pairs = sorted((-alike(a, b), i, j) for i, a in enumerate(left) for j, b in enumerate(right))
    used_left: set[int] = set()
    used_right: set[int] = set()
    weighed, worst = 0.0, 1.0
    for minus, i, j in pairs:
        if i in used_left or j in used_right:
            continue
        used_left.add(i)
        used_right.add(j)
        weighed -= minus * (len(left[i]) + len(right[j]))
        worst = min(worst, -minus)
    letters = sum(map(len, left)) + sum(map(len, right))
    if len(left) != len(right):
        worst = min(worst, 0.5)
    return round(0.5 * weighed / letters + 0.5 * worst, 4)


def _by_row(function: Callable[..., Any], columns: int, optional: int) -> Callable[..., Any]:
    """A function of columns from one of values: NULL where a needed value is, the last `optional` ones may be NULL."""

    def of_rows(columns: tuple[Any, ...]) -> Any:
        import pyarrow as pa

        needed = len(columns) - optional
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        values = [None if any(value is None for value in row[:needed]) else function(*row) for row in rows]
        return pa.array(values, type=pa.float64() if function is name_similarity else pa.string())

    # DuckDB looks at how many columns a function takes.
    return (lambda one: of_rows((one,))) if columns == 1 else (lambda one, other: of_rows((one, other)))


# Name in SQL -> function, how many columns it takes, how many of the last may be NULL, what it gives.
FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int, str]] = {
    "latin": (latin, 1, 0, "VARCHAR"),
    "same_sound": (same_sound, 1, 0, "VARCHAR"),
    "country_code": (country_code, 1, 0, "VARCHAR"),
    "e164": (e164, 2, 1, "VARCHAR"),
    "name_similarity": (name_similarity, 2, 0, "DOUBLE"),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the functions known to a DuckDB database, for as long as it is open."""
    for name, (function, columns, optional, result) in FUNCTIONS.items():
        connection.create_function(  # type: ignore[call-overload]
            name,
            _by_row(function, columns, optional),
            ["VARCHAR"] * columns,
            result,
            type="arrow",
            null_handling="special",
        )
