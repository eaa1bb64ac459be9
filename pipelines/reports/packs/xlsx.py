"""A pack as a workbook: a sheet a table, numbers as numbers, dates as dates, every text a text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import xlsxwriter

from pipelines.formats import neutral
from pipelines.reports.packs.composing import labels
from pipelines.reports.packs.figures import Figure
from pipelines.reports.packs.sections import Pack, Section
from pipelines.reports.packs.wording import difference, text_of
from pipelines.words import Language

_FORMATS = {"money": "#,##0.00", "pay": "#,##0.00", "count": "#,##0", "ratio": "0%", "date": "yyyy-mm-dd",
            "month": "yyyy-mm"}  # fmt: skip
# So many characters a sheet's name may have.
ROOM = 31
_WIDTHS = {"text": 26, "money": 15, "pay": 15, "month": 12, "count": 11, "ratio": 11, "date": 12}


def to_xlsx(pack: Pack, language: Language) -> bytes:
    """The bytes of the workbook; amounts are doubles there, as in every workbook."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        made = datetime.combine(pack.as_of, time())
        book.set_properties({"title": language.text(f"{pack.name}.title"), "author": pack.company, "created": made})
        none = Figure(None, "", "", {})
        key_figures = Section("kpi", (("what", "text"), ("now", "money"), ("before", "money"), ("plan", "money")), [
            [Figure(language.text(f"pack.kpis.{pair.name}"), "", "", {}), pair.now, pair.before or none,
             pair.plan or none]
            for pair in pack.pairs.values()
        ], change=("now", "before"), kinds=tuple(pair.kind for pair in pack.pairs.values()))  # fmt: skip
        missing = Section("missing", (("what", "text"), ("count", "count")), [
            [Figure(language.text(f"pack.missings.{name}"), "", "", {}), figure]
            for name, figure in pack.missing.items()
        ])  # fmt: skip
        beside = [language.text(f"{pack.name}.beside.{name}") for name in ("now", "before", "plan")]
        heads = {"kpi": [language.text("pack.columns.what"), *beside]}
        for section in (key_figures, missing, *pack.sections.values()):
            path = f"pack.{section.name}" if section in (key_figures, missing) else f"pack.sections.{section.name}"
            name = sheet_name(path, language)
            named = heads.get(section.name) or labels(section.columns, language)
            _sheet(book, book.add_worksheet(name), section, named, language, pack.titles)
    return out.getvalue()


def sheet_name(path: str, language: Language) -> str:
    """What the sheet of a section is called: its title, or, where there is no room for it, a shorter one."""
    name = "".join(sign for sign in language.text(path) if sign not in "[]:*?/\\")
    return name if len(name) <= ROOM else language.text(f"pack.sheets.{path.rpartition('.')[2]}")


def _sheet(
    book: Any,
    sheet: Any,
    section: Section,
    heads: Sequence[str],
    language: Language,
    titles: Mapping[str, str],
) -> None:
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    styles = {kind: book.add_format({"num_format": shape}) for kind, shape in _FORMATS.items()}
    sums = {kind: book.add_format({"num_format": shape, "bold": True, "top": 1}) for kind, shape in _FORMATS.items()}
    sheet.freeze_panes(1, 1)
    for place, ((name, kind), label) in enumerate(zip(section.columns, heads, strict=True)):
        sheet.set_column(place, place, _WIDTHS[kind])
        sheet.write_string(0, place, label, head)
        for number, row in enumerate(section.rows, start=1):
            style = styles.get(section.kind(number - 1, kind))
            _write(sheet, number, place, row[place], style, language, titles)
        if name in section.totals and section.rows:
            last, letter = len(section.rows), xlsxwriter.utility.xl_col_to_name(place)
            known = [row[place].value for row in section.rows if row[place].value is not None]
            total = sum((Decimal(str(value)) for value in known), Decimal(0))
            sheet.write_formula(
                last + 2, place, f"=SUBTOTAL(109,{letter}2:{letter}{last + 1})", sums[kind], float(total)
            )
    if section.change:
        own = [styles[section.kind(number, "money")] for number in range(len(section.rows))]
        _changes(sheet, section, language, head, own)
    if not section.rows:
        sheet.write_string(1, 0, language.text(section.nothing))
        return
    sheet.autofilter(0, 0, len(section.rows), len(section.columns) - (0 if section.change else 1))
    if section.totals:
        sheet.write_string(
            len(section.rows) + 2, 0, language.text("pack.total"), book.add_format({"bold": True, "top": 1})
        )


def _write(
    sheet: Any, row: int, column: int, figure: Figure, style: Any, language: Language, titles: Mapping[str, str]
) -> None:
    match figure.value:
        case None:
            sheet.write_blank(row, column, None, style)
        case Decimal() | int() | float():
            sheet.write_number(row, column, float(figure.value), style)
        case date():
            sheet.write_datetime(row, column, datetime.combine(figure.value, time()), style)
        case _:
            sheet.write_string(row, column, str(neutral(text_of(figure, language, titles))))


def _changes(sheet: Any, section: Section, language: Language, head: Any, styles: Sequence[Any]) -> None:
    """A last column: what changed between two, a number as they are."""
    place = len(section.columns)
    now, before = map(section.column, section.change or ())
    sheet.set_column(place, place, _WIDTHS["money"])
    sheet.write_string(0, place, language.text("pack.columns.change"), head)
    for number, row in enumerate(section.rows, start=1):
        change = difference(row[now], row[before])
        if change is not None:
            sheet.write_number(number, place, float(change), styles[number - 1])
