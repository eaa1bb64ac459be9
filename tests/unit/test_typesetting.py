"""The typesetter: what is data stays data, what a page cannot show is seen, and nothing is set other than it should be."""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest

from pipelines.reports import typesetting
from pipelines.reports.statements import reading
from pipelines.reports.statements.making import make
from pipelines.reports.statements.reading import Asked, Line, Statement, Totals

DAY = date(2026, 1, 31)
MARKUP = '#import "x"; #read("/etc/passwd") $x^2$ @ref *b* _i_ `c` = // /* <b>&amp;</b> \\u{41} {page} {{ 1/0 }} {% raw %} ÅÄÖ «Ромашка» ₽'


def text_of(made: bytes) -> list[str]:
    return [page.get_textpage().get_text_range().replace("\u200b", "") for page in pypdfium2.PdfDocument(made)]


def statement(name: str, rows: int = 1) -> Statement:
    lines = [Line(DAY, "brought_forward", None, None, None, Decimal(0), Decimal(0), Decimal(0))]
    for number in range(1, rows + 1):
        lines.append(Line(DAY, "invoice", f"R{number}", None, "explicit", Decimal(7), Decimal(0), Decimal(7 * number)))
    totals = Totals(Decimal(0), Decimal(7 * rows), Decimal(0), Decimal(7 * rows))
    return Statement(Asked("a", "EUR", DAY, DAY), name, "", tuple(lines), totals, reading.Ageing(), ())


def test_markup_in_a_name_is_a_name() -> None:
    for kind in reading.KINDS:
        said = " ".join(" ".join(text_of(make(statement(MARKUP), kind, "en", "pdf"))).split())
        assert MARKUP in said


def test_what_no_font_has_is_a_box_and_every_sign_can_be_set() -> None:
    samples: dict[str, str] = {}
    for code in range(sys.maxunicode):
        category = unicodedata.category(chr(code))
        if len(samples.get(category, "")) < 8:
            samples[category] = samples.get(category, "") + chr(code)
    name = f"中国 {' '.join(samples.values())} 👩‍👩‍👧 е́ שלום سلام"
    said = text_of(make(statement(name), "outstanding", "en", "pdf"))[0]
    assert "□□" in said
    assert "中" not in said
    assert "\ue000" not in said


def test_a_pdf_says_what_it_is_and_when_it_is_of() -> None:
    made = make(statement("A"), "activity", "sv", "pdf")
    assert made == make(statement("A"), "activity", "sv", "pdf")
    assert re.search(rb"<pdfuaid:part>1<", made)
    assert re.search(rb"<pdfaid:part>2<.*<pdfaid:conformance>A<", made, re.DOTALL)
    assert re.search(rb"/Lang ?\(sv\)", made)
    assert pypdfium2.PdfDocument(made).get_metadata_dict()["CreationDate"].startswith("D:20260131")


def test_a_page_carries_over_what_its_last_line_says() -> None:
    for kind in ("activity", "act"):
        pages = text_of(make(statement("A", rows=150), kind, "en", "pdf"))
        assert len(pages) > 2
        for page, following in itertools.pairwise(pages):
            last = max(map(int, re.findall(r"\bR(\d+)\b", page)), default=0)
            if last in (0, 150):
                continue
            assert re.search(rf"Carried forward {7 * last:,}\.00", page), page[-200:]
            assert re.search(rf"Brought forward {7 * last:,}\.00", following), following[:300]
        assert "Carried" not in pages[-1]
        assert "Brought forward" not in pages[0]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('#set document(title: "t")\n#set text(font: "No Such Font")\n= a', "unknown font family"),
        ('#set document(title: "t")\n#image(bytes("<svg xmlns=\\"http://www.w3.org/2000/svg\\"/>"))', "alt"),
        ('#set document(title: "t")\n#read("/etc/hostname")', "file not found"),
    ],
)
def test_nothing_is_set_other_than_it_should_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, template: str, said: str
) -> None:
    (tmp_path / "bad.typ").write_text(template)
    monkeypatch.setattr(typesetting, "TEMPLATES", tmp_path)
    with pytest.raises(typesetting.TypesettingError, match=said):
        typesetting.typeset("bad", {}, DAY)
