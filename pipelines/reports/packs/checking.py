"""A pack's files looked at as a reader opens them, before they are handed out: nothing blank, nothing missing."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.reports.packs.sections import Pack
from pipelines.reports.statements.document import Document, Picture, Pictures, Table, Text

# A page with less of it dark than this shows nothing: a line of text on it is more.
LEAST_INK = 0.0005
# An axis alone, without what it measures, is less than this of a chart.
LEAST_INK_OF_CHART = 0.01


class PackError(Exception):
    """A part of a pack is blank or missing: nothing of the pack is handed out."""


def check_pdf(made: bytes, document: Document) -> None:
    """Pages that show something, and on them each heading and each first cell of a table's rows.

    Raises:
        PackError: what is missing.
    """
    import pypdfium2

    said = ""
    with pypdfium2.PdfDocument(made) as pdf:
        if not len(pdf):
            raise PackError("the PDF has no page")
        for number, page in enumerate(pdf, start=1):
            if ink(page.render(scale=0.7).to_numpy()) < LEAST_INK:
                raise PackError(f"page {number} of the PDF is blank")
            said += page.get_textpage().get_text_range()
    there = _bare(said)
    for block in document.blocks:
        match block:
            case Text(text=text):
                wanted = [text]
            case Table(rows=rows):
                wanted = [str(row.cells[0]) for row in rows if isinstance(row.cells[0], str)]
            case Pictures(pictures=pictures):
                for picture in pictures:
                    check_chart(picture)
                continue
            case _:
                continue
        for text in wanted:
            if _bare(text) not in there:
                raise PackError(f"the PDF does not say {text!r}")


def check_chart(picture: Picture) -> bytes:
    """The picture in pixels, of which enough are drawn.

    Raises:
        PackError: it shows nothing but its axis.
    """
    from PIL import Image

    from pipelines.charts.drawing import png

    made = png(picture.svg)
    with Image.open(io.BytesIO(made)) as opened:
        if ink(np.asarray(opened.convert("RGB"))) < LEAST_INK_OF_CHART:
            raise PackError(f"the chart {picture.name} is blank")
    return made


def check_workbook(made: bytes, pack: Pack) -> None:
    """A sheet a table, and on each every row.

    Raises:
        PackError: the workbook cannot be opened, or a row is missing.
    """
    import fastexcel

    try:
        book = fastexcel.read_excel(made)
    except fastexcel.FastExcelError as error:
        raise PackError(f"the workbook cannot be opened: {error}") from error
    rows = [len(pack.pairs), len(pack.missing), *(len(section.rows) for section in pack.sections.values())]
    if len(book.sheet_names) != len(rows):
        raise PackError(f"the workbook has {len(book.sheet_names)} sheets, not {len(rows)}")
    for name, count in zip(book.sheet_names, rows, strict=True):
        height = book.load_sheet(name, header_row=None).height
        if height < 1 + count:
            raise PackError(f"the sheet {name} has {height} rows, not {1 + count}")


def check_told(made: bytes, pack: Pack) -> None:
    """The cells of every figure.

    Raises:
        PackError: some are missing.
    """
    told: Mapping[str, list[object]] = json.loads(made)
    if len(told["figures"]) != len(pack.figures()) or not told["sentences"]:
        raise PackError("the JSON lacks figures or sentences")


def ink(picture: NDArray[np.uint8]) -> float:
    """The share of a picture's pixels that differ from the colour of its edge."""
    ground = picture[0, 0].astype(np.int16)
    return float((np.abs(picture.astype(np.int16) - ground).max(axis=-1) > 40).mean())


def _bare(text: str) -> str:
    # Where lines end and words break anywhere, only the signs themselves are the same.
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isalnum())
