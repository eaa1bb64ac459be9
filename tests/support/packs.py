"""What the figures of a pack should be, from whole tables and by what each says of itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from decimal import Decimal
from email import message_from_bytes, policy
from functools import cache
from typing import Any

import duckdb
import openpyxl
import pypdfium2
import pytest

from pipelines.reports.packs.composing import sentences
from pipelines.reports.packs.figures import Figure
from pipelines.reports.packs.sections import Pack
from pipelines.reports.packs.wording import shown, written
from pipelines.words import Language

Lookup = Callable[[str], list[dict[str, Any]]]


def lookup_of(warehouse: duckdb.DuckDBPyConnection) -> Lookup:
    """Whole reporting tables, each read once."""

    @cache
    def table(name: str) -> list[dict[str, Any]]:
        done = warehouse.execute(f"select * from {name if '(' in name else 'reporting.' + name}")
        names = [column[0] for column in done.description]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    return table


def fits(value: Any, part: Any) -> bool:
    if isinstance(part, tuple):
        return value is not None and part[0] <= value <= part[1]
    return value in part if isinstance(part, list) else value == part


def expected(figure: Figure, rows: list[dict[str, Any]]) -> Any:
    """The figure from the whole table, by what it says of itself."""
    rows = [row for row in rows if all(fits(row[name], part) for name, part in figure.key.items())]
    values = [row[figure.column] for row in rows]
    if figure.how == "count":
        return len(rows)
    if figure.how == "share":
        done, due = ([row[column] for row in rows] for column in (figure.column, figure.less))
        return None if None in [*done, *due] or not sum(due) else pytest.approx(float(sum(done)) / float(sum(due)))
    if figure.how == "cell":
        assert len(set(values)) == 1, (figure.table, figure.key)
        return values[0]
    if figure.how == "moved":
        less = [row[figure.less] for row in rows] if figure.less else []
        return sum(filter(None, values), Decimal(0)) - sum(filter(None, less), Decimal(0))
    known = [value for value in values if value is not None]
    if figure.how == "whole":
        return sum(known, Decimal(0)) if len(known) == len(values) else None
    if figure.how == "last":
        return max(known, default=None)
    if not known or (figure.how == "sum" and len(known) < len(values)):
        return None
    return sum(known[1:], known[0])


def text_of(made: bytes) -> str:
    said = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made))
    return " ".join(said.replace("\u200b", "").replace("\ufffe", "-").split())


def files_say(files: Mapping[str, bytes], pack: Pack, spoken: Language) -> list[str]:
    """That every figure stands in the workbook, as a number, and on paper what belongs there; all texts of the files."""
    pdf, workbook, _, mail = files.values()
    said = text_of(pdf)
    assert all(flat(sentence) in said for sentence in sentences(pack, spoken))
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    # No name of a sheet is cut.
    assert book.sheetnames[2:] == [spoken.text(f"pack.sections.{name}") for name in pack.sections]
    compared = 0
    for section, sheet in zip(pack.sections.values(), book.worksheets[2:], strict=True):
        on_paper = not section.drawn and not section.detail
        for number, row in enumerate(section.rows):
            for place, (figure, (_, kind)) in enumerate(zip(row, section.columns, strict=True)):
                inside = sheet.cell(number + 2, place + 1)
                assert inside.data_type != "f"
                if kind in ("money", "pay", "count", "ratio") and figure.value is not None:
                    assert inside.value == pytest.approx(float(figure.value))
                    assert not (on_paper and number < section.most) or flat(shown(figure, kind, spoken)) in said
                    compared += 1
        for place, (name, kind) in enumerate(section.columns):
            values = [row[place].value for row in section.rows]
            if name in section.totals and on_paper and len(values) > 1 and None not in values:
                assert flat(written(sum(map(Decimal, map(str, values))), kind, spoken)) in said
    for number, pair in enumerate(pack.pairs.values()):
        for place, figure in ((2, pair.now), (3, pair.before), (4, pair.plan)):
            if figure is not None and figure.value is not None:
                assert book.worksheets[0].cell(number + 2, place).value == pytest.approx(float(figure.value))
                assert flat(shown(figure, pair.kind, spoken)) in said
    assert compared
    letter = message_from_bytes(mail, policy=policy.default)
    bodies = [letter.get_body((kind,)) for kind in ("html", "plain")]
    texts = [said, *(body.get_content() for body in bodies if body is not None)]
    assert len(texts) == 3
    return texts + [str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]


def flat(text: str) -> str:
    return " ".join(text.split())
