"""A document as PDF: A4, with the font embedded, so that it reads the same everywhere; same input, same bytes."""

from __future__ import annotations

import io
from copy import copy
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
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from pipelines.reports.statements.document import Block, Cell, Document, Facts, Signatures, Table, Text

# DejaVu Sans Condensed: free to embed and to pass on (LICENSE.txt beside it), with Latin, Cyrillic and Greek.
FONTS = Path(__file__).with_name("fonts")
REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
# The page template pads its frame by 6 points on every side.
MARGIN, PADDING = 16 * mm, 6
EDGE = MARGIN + PADDING
WIDTH = A4[0] - 2 * EDGE
# A line's height in font sizes, and the room above and below a table's text.
LEADING, ABOVE = 1.3, 0.7 * mm
INK, MUTED, LINE, SHADE = (colors.HexColor(code) for code in ("#1d2733", "#5b6673", "#b9c2cc", "#f0f3f6"))


def _style(size: float, bold: bool = False, **more: Any) -> ParagraphStyle:
    # A style's name means nothing here; splitLongWords breaks what has no blanks rather than leaving its cell.
    return ParagraphStyle(
        "style", fontName=BOLD if bold else REGULAR, fontSize=size, leading=size * LEADING, textColor=INK,
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
        title=document.title, author=document.company, lang=document.language.settings["locale"].replace("_", "-"),
        creator="Keybook", invariant=1, initialFontName=REGULAR,
    )  # fmt: skip
    flow = [flowable for block in document.blocks for flowable in _flowables(block, document)]
    if isinstance(document.blocks[-1], Signatures):
        # Nobody signs a page that says nothing: what follows the last table stays with the places to sign.
        last = max(place for place, flowable in enumerate(flow) if isinstance(flowable, _Rows))
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
            return [_Rows(block, document), Spacer(0, 2 * mm)]
        case Signatures():
            return [Spacer(0, 5 * mm), _signatures(block)]


def _facts(block: Facts) -> Flowable:
    name, value = _style(9), _style(9, bold=True)
    name.textColor = MUTED
    rows = [[Paragraph(escape(label), name), Paragraph(escape(text), value)] for label, text in block.pairs]
    grid = Grid(rows, colWidths=[WIDTH * 0.24, WIDTH * 0.76], hAlign="LEFT")
    grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(0.6 * mm, 0)])
    return grid


def _padding(above: float, aside: float) -> list[Any]:
    sides = {"TOP": above, "BOTTOM": above, "LEFT": aside, "RIGHT": aside}
    return [(f"{side}PADDING", (0, 0), (-1, -1), width) for side, width in sides.items()]


def _written(cell: Cell, document: Document) -> str:
    """A cell's text."""
    match cell:
        case None:
            return ""
        case Decimal():
            return document.language.amount(cell, document.decimals).replace(" ", "\u00a0")
        case date():
            return document.language.day(cell)
        case _:
            return str(cell)


class _Rows(Flowable):
    """A table that is split between its rows, its heads on every page.

    Platypus' own table measures all that is left again on each page, so that its time grows with the square of the
    lines: a minute for 5,000. Here each row is measured once.
    """

    def __init__(self, table: Table, document: Document) -> None:
        """Measures every row once."""
        super().__init__()
        self.table = table
        self.size = 7.0 if len(table.columns) > 7 else 8.0
        self.aside = (1.1 if table.boxed else 0.9) * mm
        shares = sum(column.share for column in table.columns)
        self.widths = [WIDTH * column.share / shares for column in table.columns]
        self.figures = [column.kind in ("money", "count") for column in table.columns]
        plain, strong = (
            (_style(self.size, bold=bold), _style(self.size, bold=bold, alignment=TA_RIGHT)) for bold in (False, True)
        )
        self.heads: list[list[Any]] = [self.drawn([column.label for column in table.columns], strong)]
        if table.bands:
            self.heads.insert(0, self.band())
        self.body = [
            self.drawn([_written(cell, document) for cell in row.cells], strong if row.strong else plain)
            for row in table.rows
        ]
        self.heights = [self.high(row) for row in self.body]
        self.head_heights = [self.high(row) for row in self.heads]
        if table.bands:
            self.head_heights[0] = (
                max(
                    cell.wrap(self.spanned(place), 10_000)[1]
                    for place, cell in enumerate(cell for cell in self.heads[0] if cell)
                )
                + 2 * ABOVE
            )
        self.start = 0

    def drawn(self, texts: list[str], styles: tuple[ParagraphStyle, ParagraphStyle]) -> list[Any]:
        """A row's cells: a text that fits its column is drawn as it is, a longer one flows as a paragraph."""
        return [
            text
            if stringWidth(text, styles[right].fontName, self.size) <= width - 2 * self.aside
            else Paragraph(escape(text), styles[right])
            for text, right, width in zip(texts, self.figures, self.widths, strict=True)
        ]

    def band(self) -> list[Any]:
        """The headers over several columns."""
        style = _style(self.size + 0.5, bold=True, alignment=TA_CENTER)
        cells: list[Any] = []
        for text, span in self.table.bands:
            cells += [Paragraph(escape(text), style), *[""] * (span - 1)]
        return cells

    def spanned(self, place: int) -> float:
        """How wide a text of the band may be."""
        first = sum(span for _, span in self.table.bands[:place])
        return sum(self.widths[first : first + self.table.bands[place][1]]) - 2 * self.aside

    def high(self, row: list[Any]) -> float:
        """A row's height."""
        texts = [
            self.size * LEADING if isinstance(cell, str) else cell.wrap(width - 2 * self.aside, 10_000)[1]
            for cell, width in zip(row, self.widths, strict=True)
        ]
        return float(max(texts)) + 2 * ABOVE

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """The size of all that is left."""
        return WIDTH, sum(self.head_heights) + sum(self.heights[self.start :])

    def split(self, _width: float, height: float) -> list[Flowable]:
        """What fits into a height, and the rest; nothing when not one row does."""
        left, stop = height - sum(self.head_heights), self.start
        while stop < len(self.heights) and self.heights[stop] <= left:
            left -= self.heights[stop]
            stop += 1
        if stop == self.start:
            return []
        rest = copy(self)
        rest.start = stop
        # Platypus' own mark of what did not fit once and may not fail to fit again; the rest has not been tried.
        rest.__dict__.pop("_postponed", None)
        return [self.part(stop), rest] if stop < len(self.heights) else [self.part(stop)]

    def draw(self) -> None:
        """All that is left, where it fits."""
        grid = self.part(len(self.heights))
        grid.wrapOn(self.canv, WIDTH, A4[1])
        grid.drawOn(self.canv, 0, 0)

    def part(self, stop: int) -> Grid:
        """The rows up to one, under the heads."""
        top, table = len(self.heads), self.table
        rules: list[Any] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("FONT", (0, 0), (-1, -1), REGULAR, self.size, self.size * LEADING),
            ("FONTNAME", (0, 0), (-1, top - 1), BOLD),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("BACKGROUND", (0, 0), (-1, top - 1), SHADE),
            ("GRID" if table.boxed else "LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            *(("ALIGN", (place, 0), (place, -1), "RIGHT") for place, right in enumerate(self.figures) if right),
            *_padding(ABOVE, self.aside),
        ]
        place = 0
        for _, span in table.bands:
            rules.append(("SPAN", (place, 0), (place + span - 1, 0)))
            if place:
                rules.append(("LINEBEFORE", (place, 0), (place, -1), 1.1, INK))
            place += span
        for place, row in enumerate(table.rows[self.start : stop], start=top):
            if row.strong:
                rules.append(("FONTNAME", (0, place), (-1, place), BOLD))
                if place > top and not table.boxed:
                    rules.append(("LINEABOVE", (0, place), (-1, place), 0.9, INK))
        return Grid(
            [*self.heads, *self.body[self.start : stop]],
            colWidths=self.widths,
            rowHeights=[*self.head_heights, *self.heights[self.start : stop]],
            style=rules,
        )


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
            *_padding(1.6 * mm, 0),
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
                said = document.language.text("statement.page", page=number, pages=len(self._pages))
                self.drawRightString(A4[0] - EDGE, MARGIN - 1 * mm, said)
                self.drawString(EDGE, MARGIN - 1 * mm, _cut(document.footer, WIDTH * 0.75))
                super().showPage()
            super().save()

    return Numbered


def _cut(text: str, width: float) -> str:
    """A text that fits into one line of a page's foot."""
    if stringWidth(text, REGULAR, 7) <= width:
        return text
    while text and stringWidth(f"{text}…", REGULAR, 7) > width:
        text = text[:-1]
    return f"{text}…"
