"""A document as PDF: A4, with the font embedded, so that it reads the same everywhere; same input, same bytes."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, LongTable, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from pipelines.statements.document import Block, Cell, Column, Document, Facts, Signatures, Table, Text

# DejaVu Sans Condensed: free to embed and to pass on (LICENSE.txt beside it), with Latin, Cyrillic and Greek.
FONTS = Path(__file__).with_name("fonts")
REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
# The page template pads its frame by 6 points on every side.
MARGIN, PADDING = 16 * mm, 6
EDGE = MARGIN + PADDING
WIDTH = A4[0] - 2 * EDGE
INK, MUTED, LINE, SHADE = (colors.HexColor(code) for code in ("#1d2733", "#5b6673", "#b9c2cc", "#f0f3f6"))


def _style(size: float, bold: bool = False, **more: Any) -> ParagraphStyle:
    # A style's name means nothing here; splitLongWords breaks what has no blanks rather than leaving its cell.
    return ParagraphStyle(
        "style", fontName=BOLD if bold else REGULAR, fontSize=size, leading=size * 1.3, textColor=INK,
        splitLongWords=True, **more,
    )  # fmt: skip


_ROLES = {
    "title": _style(16, bold=True, spaceAfter=2 * mm),
    "subtitle": _style(10, spaceAfter=1 * mm),
    "heading": _style(9.5, bold=True, spaceBefore=3 * mm, spaceAfter=1.5 * mm),
    "body": _style(9, spaceBefore=1.5 * mm, spaceAfter=2 * mm),
    "note": _style(7.5, spaceBefore=1.5 * mm, textTransform=None),
}


def to_pdf(document: Document) -> bytes:
    """The document as the bytes of a PDF file."""
    for name in (REGULAR, BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
    out = io.BytesIO()
    template = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN + 6 * mm,
        title=document.title, author=document.company, lang=document.language.texts["locale"].replace("_", "-"),
        creator="Keybook", invariant=1, initialFontName=REGULAR,
    )  # fmt: skip
    flow = [flowable for block in document.blocks for flowable in _flowables(block, document)]
    if isinstance(document.blocks[-1], Signatures):
        # Nobody signs a page that says nothing: what follows the last table stays with the places to sign.
        last = max(place for place, flowable in enumerate(flow) if isinstance(flowable, LongTable))
        flow[last + 1 :] = [KeepTogether(flow[last + 1 :])]
    template.build(flow, canvasmaker=_numbered(document))
    return out.getvalue()


def _flowables(block: Block, document: Document) -> list[Flowable]:
    match block:
        case Text():
            return [Paragraph(escape(block.text), _ROLES[block.role])]
        case Facts():
            return [_facts(block), Spacer(0, 4 * mm)]
        case Table():
            return [_table(block, document), Spacer(0, 2 * mm)]
        case Signatures():
            return [Spacer(0, 5 * mm), _signatures(block)]


def _facts(block: Facts) -> Flowable:
    name, value = _style(9), _style(9, bold=True)
    name.textColor = MUTED
    rows = [[Paragraph(escape(label), name), Paragraph(escape(text), value)] for label, text in block.pairs]
    grid = Grid(rows, colWidths=[WIDTH * 0.24, WIDTH * 0.76], hAlign="LEFT")
    grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(0.6, 0)])
    return grid


def _padding(above: float, aside: float) -> list[Any]:
    sides = {"TOP": above, "BOTTOM": above, "LEFT": aside, "RIGHT": aside}
    return [(f"{side}PADDING", (0, 0), (-1, -1), width * mm) for side, width in sides.items()]


def _shown(cell: Cell, column: Column, document: Document, styles: tuple[ParagraphStyle, ParagraphStyle]) -> Any:
    """A cell as it is drawn: text flows in its column, figures stand to the right."""
    left, right = styles
    match cell:
        case None:
            return ""
        case Decimal():
            text = document.language.amount(cell, document.decimals).replace(" ", "\u00a0")
        case date():
            return Paragraph(escape(document.language.day(cell)), left)
        case _:
            text = str(cell)
    return Paragraph(escape(text), right if column.kind in ("money", "count") else left)


def _table(table: Table, document: Document) -> Flowable:
    size = 7.0 if len(table.columns) > 7 else 8.0
    plain = _style(size), _style(size, alignment=TA_RIGHT)
    strong = _style(size, bold=True), _style(size, bold=True, alignment=TA_RIGHT)
    head = [Paragraph(escape(column.label), strong[column.kind in ("money", "count")]) for column in table.columns]
    body = [
        [
            _shown(cell, column, document, strong if row.strong else plain)
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        for row in table.rows
    ]
    heads: list[list[Any]] = [head]
    rules: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        # Cells without a value are as high as the others.
        ("FONT", (0, 0), (-1, -1), REGULAR, size, size * 1.3),
        *_padding(0.7, 1.1 if table.boxed else 0.9),
    ]
    if table.bands:
        band: list[Any] = []
        for text, span in table.bands:
            rules.append(("SPAN", (len(band), 0), (len(band) + span - 1, 0)))
            band += [Paragraph(escape(text), _style(size + 0.5, bold=True, alignment=TA_CENTER)), *[""] * (span - 1)]
        heads.insert(0, band)
    top = len(heads)
    rules.append(("BACKGROUND", (0, 0), (-1, top - 1), SHADE))
    rules.append(("GRID" if table.boxed else "LINEBELOW", (0, 0), (-1, -1), 0.4, LINE))
    rules += [
        ("LINEABOVE", (0, top + place), (-1, top + place), 0.9, INK)
        for place, row in enumerate(table.rows)
        if row.strong and place and not table.boxed
    ]
    if table.bands:
        middle = table.bands[0][1]
        rules.append(("LINEBEFORE", (middle, 0), (middle, -1), 1.1, INK))
    shares = sum(column.share for column in table.columns)
    widths = [WIDTH * column.share / shares for column in table.columns]
    grid = LongTable([*heads, *body], colWidths=widths, repeatRows=top)
    grid.setStyle(rules)
    return grid


def _signatures(block: Signatures) -> Flowable:
    left = _style(8.5)
    gap = WIDTH * 0.06
    half = (WIDTH - gap) / 2
    label, write = half * 0.36, half * 0.64
    rows: list[list[Any]] = [
        [Paragraph(escape(block.parties[0]), _style(9, bold=True)), "", "",
         Paragraph(escape(block.parties[1]), _style(9, bold=True)), ""]
    ]  # fmt: skip
    rows += [[Paragraph(escape(name), left), "", "", Paragraph(escape(name), left), ""] for name in block.labels]
    rows.append([Paragraph(escape(block.stamp), left), "", "", Paragraph(escape(block.stamp), left), ""])
    grid = Grid(rows, colWidths=[label, write, gap, label, write], hAlign="LEFT")
    ruled = len(block.labels)
    grid.setStyle(
        [
            ("SPAN", (0, 0), (1, 0)),
            ("SPAN", (3, 0), (4, 0)),
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            *_padding(1.6, 0),
            ("LINEBELOW", (1, 1), (1, ruled), 0.5, INK),
            ("LINEBELOW", (4, 1), (4, ruled), 0.5, INK),
        ]
    )
    return grid


def _numbered(document: Document) -> type[Canvas]:
    """A canvas that knows, when it draws a page's foot, how many pages there are."""

    class Numbered(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self.setFont(REGULAR, 7)
                self.setFillColor(MUTED)
                said = document.language.text("page", page=number, pages=len(self._pages))
                self.drawRightString(A4[0] - EDGE, MARGIN - 1 * mm, said)
                self.drawString(EDGE, MARGIN - 1 * mm, _cut(document.footer, WIDTH * 0.75))
                super().showPage()
            super().save()

    return Numbered


def _cut(text: str, width: float) -> str:
    """A text that fits into one line of a page's foot."""
    if pdfmetrics.stringWidth(text, REGULAR, 7) <= width:
        return text
    while text and pdfmetrics.stringWidth(f"{text}…", REGULAR, 7) > width:
        text = text[:-1]
    return f"{text}…"
