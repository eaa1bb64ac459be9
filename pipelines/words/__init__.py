"""Words for people: what a code of the reporting tables, or a text of a report, says in a language.

The words are data, a file a subject, `{code: {language: text}}` in as many levels as a subject wants; a code's path is
`gate_reason.invoice_disputed`. In a text `{name}` is filled in from values, such as the row that the code stands in:

- `{name}`: a text as it is, a date or a whole number as the language writes it;
- `{name:percent}`: a share, 0.5 is 50 %;
- `{name:number}`: a number with its decimals, up to eight;
- `{name:days}`: a whole number with its noun, of the group `count`, whose forms have `|` between: one, more; in Russian
  one, few and many;
- `{name:money}`: whole units with the row's `base_currency`;
- `{name:group}`: a code of another group, or several with commas between, in words;
- `[…]`: left out where a value in it is not known. Elsewhere what is not known is a dash.

This package reads no warehouse and imports nothing of the project, so that pages and reports may take it in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from numbers import Real
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from pipelines.files import read_yaml

FOLDER = Path(__file__).parent
SETTINGS = "languages.yml"
UNKNOWN = "–"

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True)
class Language:
    """One language of `languages.yml`, and how it writes dates and amounts."""

    code: str
    settings: Mapping[str, str]

    @property
    def name(self) -> str:
        """The language's own name."""
        return self.settings["name"]

    @property
    def locale(self) -> Locale:
        """How CLDR writes dates and numbers in it."""
        return Locale.parse(self.settings["locale"])

    def text(self, path: str, **values: object) -> str:
        """The text at a path such as `statement.act.title`, filled in.

        Raises:
            KeyError: no file has such a text.
        """
        return _filled(catalogue()[path][self.code], self, values)

    def day(self, value: date) -> str:
        """A date in a table."""
        return str(format_date(value, self.settings["date"], self.locale))

    def long_day(self, value: date) -> str:
        """A date in a sentence."""
        return str(format_date(value, "long", self.locale))

    def short_day(self, value: date) -> str:
        """A day and its month, under a chart."""
        return str(format_skeleton("MMMd", value, locale=self.locale))

    def short_month(self, value: date) -> str:
        """A month and its year, under a chart."""
        return str(format_date(value, "LLL yyyy", self.locale))

    def month(self, value: date) -> str:
        """A month and its year."""
        return str(format_skeleton("yMMMM", value, locale=self.locale))

    def share(self, value: float) -> str:
        """A share in whole percent; less than half of one is none, on whichever side."""
        return str(format_percent(0 if abs(value) < 0.005 else value, locale=self.locale))

    def amount(self, value: float | Decimal, decimals: int) -> str:
        """An amount without its currency, to so many decimals."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(value, pattern, self.locale, decimal_quantization=True)).replace("\u2212", "-")

    def money(self, value: Decimal, currency: str, decimals: int) -> str:
        """An amount with its currency's code, on one line."""
        return f"{self.amount(value, decimals)}\u00a0{currency}"


@cache
def languages() -> dict[str, Language]:
    """Code -> language, in the order of `languages.yml`."""
    found = read_yaml(FOLDER / SETTINGS)
    return {code: Language(code, settings) for code, settings in found.items()}


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Path -> language -> text, of all files."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(FOLDER.glob("*.yml")):
        if file.name != SETTINGS:
            _collect(read_yaml(file), "", found)
    return found


def _collect(node: Mapping[str, Any], path: str, found: dict[str, dict[str, str]]) -> None:
    for name, value in node.items():
        if not isinstance(value, Mapping):
            raise ValueError(f"{path}{name} holds no languages")
        if all(isinstance(text, str) for text in value.values()):
            if f"{path}{name}" in found:
                raise ValueError(f"{path}{name} stands in two files")
            found[f"{path}{name}"] = dict(value)
        else:
            _collect(value, f"{path}{name}.", found)


def word(code: str, language: str = "en", /, **values: object) -> str:
    """What a code says: `word("gate_reason.health_red", "sv", **row)`.

    A code that no file has is one of a newer publication, or a user's own: it reads as it is spelt.
    """
    if code in catalogue():
        return languages()[language].text(code, **values)
    return code.rsplit(".", 1)[-1].replace("_", " ")


def words(group: str, codes: object, language: str = "en", /, **values: object) -> list[str]:
    """What the codes of a group say: none, one, or several with commas between."""
    if _is_unknown(codes):
        return []
    return [word(f"{group}.{code}", language, **values) for code in str(codes).split(",") if code]


def _is_unknown(value: object) -> bool:
    return value is None or bool(value != value)


def _filled(text: str, language: Language, values: Mapping[str, object]) -> str:
    """The text with its fields filled in, in one pass: what stands in a value is data and stays as it is."""

    def optional(part: re.Match[str]) -> str:
        known = not any(_is_unknown(values.get(name)) for name, _ in _FIELD.findall(part[1]))
        return part[1] if known else ""

    def field(part: re.Match[str]) -> str:
        value = values.get(part[1])
        return UNKNOWN if _is_unknown(value) else _written(value, part[2], language, values)

    return _FIELD.sub(field, _OPTIONAL.sub(optional, text))


def _written(value: Any, kind: str | None, language: Language, values: Mapping[str, object]) -> str:
    match kind:
        case "percent":
            return language.share(value)
        case "number":
            return str(format_decimal(value, "#,##0.########", language.locale))
        case "money":
            return language.money(value, str(values.get("base_currency") or ""), 0).strip()
        case None if isinstance(value, date):
            return language.day(value)
        case None if isinstance(value, Real | Decimal):
            return language.amount(value, 0)  # type: ignore[arg-type]
        case None:
            return str(value)
        case noun if f"count.{noun}" in catalogue():
            forms = catalogue()[f"count.{noun}"][language.code].split("|")
            form = {"one": 0, "few": 1}.get(language.locale.plural_form(round(value)), -1)
            return f"{language.amount(value, 0)} {forms[form]}"
        case group:
            return ", ".join(words(group, value, language.code, **values))
