"""The wording of statements: dates and amounts are written as each language writes them, text from data stays text."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pypdfium2
import pytest

from pipelines.commands.statements import statement
from pipelines.reports.statements import reading
from pipelines.reports.statements.making import file_name, make
from pipelines.reports.statements.reading import Asked, Statement, Totals
from pipelines.reports.statements.wording import clean, decimals_of
from pipelines.words import languages


def test_the_command_offers_the_languages_and_documents_that_there_are() -> None:
    choices = {option.name: set(option.type.choices) for option in statement.params if hasattr(option.type, "choices")}
    assert choices["language"] == set(languages())
    assert choices["kind"] == set(reading.KINDS)


@pytest.mark.parametrize(
    ("code", "day", "long_day", "amount"),
    [
        ("en", "9 Mar 2026", "9 March 2026", "-1,234,567.50"),
        ("ru", "09.03.2026", "9 марта 2026 г.", "-1 234 567,50"),
        ("sv", "2026-03-09", "9 mars 2026", "-1 234 567,50"),
    ],
)
def test_dates_and_amounts_are_written_as_the_language_does(code: str, day: str, long_day: str, amount: str) -> None:
    language = languages()[code]
    assert language.day(date(2026, 3, 9)) == day
    assert language.long_day(date(2026, 3, 9)).replace("\u202f", " ") == long_day
    assert language.amount(Decimal("-1234567.5"), 2).replace("\u00a0", " ").replace("\u202f", " ") == amount
    assert language.amount(Decimal("0.005"), 4).endswith("0050")


@pytest.mark.parametrize(
    ("amounts", "currency", "decimals"),
    [
        (["1", "2.50"], "EUR", 2),
        (["1", "2"], "JPY", 0),
        (["1.5"], "JPY", 1),
        (["1"], "KWD", 3),
        (["0.0050"], "EUR", 3),
        (["100", "1E+3"], "EUR", 2),
        ([], "no such", 2),
    ],
)
def test_no_amount_is_rounded(amounts: list[str], currency: str, decimals: int) -> None:
    assert decimals_of([Decimal(amount) for amount in amounts], currency) == decimals


def test_text_from_data_is_one_line_without_what_steers_a_reader() -> None:
    assert clean("a\tb\nc\x00d\x07 \u202eevil\u202c \u2066x\u2069 \u200f end ") == "a b c d evil x end"
    assert clean("Ünï – «Ромашка»") == "Ünï – «Ромашка»"


def test_long_texts_end_and_rows_that_fill_pages_are_all_there() -> None:
    day, name = date(2026, 1, 1), "Long name " * 200
    lines = [reading.Line(day, "brought_forward", None, None, None, Decimal(0), Decimal(0), Decimal(0))]
    for number in range(1, 201):
        reference = f"R{number:03} " + ("remittance " * 60 if number % 40 == 0 else "x" * (5_000 if number == 7 else 3))
        lines.append(
            reading.Line(day, "payment", reference, None, "explicit", Decimal(0), Decimal(1), Decimal(-number))
        )
    totals = Totals(Decimal(0), Decimal(0), Decimal(200), Decimal(-200))
    found = Statement(Asked("a", "EUR", day, day), name, name, tuple(lines), totals, reading.Ageing(), ())
    for kind in reading.KINDS:
        pages = pypdfium2.PdfDocument(make(found, kind, "en", "pdf"))
        said = [page.get_textpage().get_text_range() for page in pages]
        if kind != "outstanding":
            assert len(said) > 4
            assert re.findall(r"\bR(\d{3})", "".join(said)) == [f"{number:03}" for number in range(1, 201)]
            # Every page of lines has their heads, and says which page it is.
            assert all("Debit" in text for text in said[:-1])
        assert all(f"Page {place} of {len(said)}" in text for place, text in enumerate(said, start=1))


@pytest.mark.parametrize(("language", "by", "note"), [("en", "by ", "is not known"), ("ru", "не позже ", "неизвестно"),
                                                    ("sv", "senast ", "inte känt")])  # fmt: skip
def test_a_day_that_nobody_knows_is_no_day(language: str, by: str, note: str) -> None:
    """Money of which a balance alone tells stands with the day by which it had come, and says so; other lines do not."""
    day = date(2026, 1, 31)
    said: dict[bool, str] = {}
    for is_dated in (True, False):
        line = reading.Line(day, "payment", "7", None, "balance_only", Decimal(0), Decimal(1), Decimal(-1), is_dated)
        found = Statement(Asked("a", "EUR", day, day), "n", "n", (line,), Totals(), reading.Ageing(), ())
        for kind in ("activity", "act"):
            pages = pypdfium2.PdfDocument(make(found, kind, language, "pdf"))
            text = " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())
            said[is_dated] = said.get(is_dated, "") + text
    assert by in said[False]
    assert note in said[False]
    assert note not in said[True]


@pytest.mark.parametrize("account", ["../../etc/passwd", "a/b\\c:d", "..", "", "x" * 500])
def test_a_files_name_is_a_name(account: str) -> None:
    asked = Asked(account, "E/R", date(2026, 1, 1), date(2026, 1, 31))
    found = Statement(asked, "n", "", (), Totals(), reading.Ageing(), ())
    name = file_name(found, "activity", "en", "pdf")
    assert "/" not in name
    assert "\\" not in name
    assert ".." not in name
    assert len(name) < 200
