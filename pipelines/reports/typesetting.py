"""The one typesetter: a template of `templates/` and data become a PDF, by Typst, without a network.

Data goes in as JSON and is never markup, so that a name with `#`, `$` or `<b>` is a name. Every figure is a text
already, as its language writes it: a template lays out. The PDF is tagged and meets PDF/UA-1 and PDF/A-2a, or it is not
made; the same template, data and day give the same bytes.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

# DejaVu Sans Condensed: free to embed and to pass on (LICENSE.txt beside it), with Latin, Cyrillic, Greek and ₽.
FONTS = Path(__file__).with_name("fonts")
TEMPLATES = Path(__file__).with_name("templates")
STANDARDS: list[Literal["ua-1", "a-2a"]] = ["ua-1", "a-2a"]
# What stands in the place of a character that the fonts lack: PDF/UA lets no page show one that is missing.
BOX = "□"
MM_OF_POINT = 0.352778


class TypesettingError(Exception):
    """A document that could not be set as it should be: nothing is written rather than something else."""


def typeset(template: str, data: Mapping[str, Any], day: date) -> bytes:
    """The PDF of a template with its data, dated to a day.

    Raises:
        TypesettingError: the document cannot be set, or only with a warning, such as of a font that is missing.
    """
    made = _compiled(template, data, day, format="pdf", pdf_standards=STANDARDS)
    assert isinstance(made, bytes)
    return made


def pictures(template: str, data: Mapping[str, Any], day: date, ppi: float = 110) -> list[bytes]:
    """The same pages as PNG, for those who look at them."""
    made = _compiled(template, data, day, format="png", ppi=ppi)
    return made if isinstance(made, list) else [made]


def _compiled(template: str, data: Mapping[str, Any], day: date, **output: Any) -> bytes | list[bytes]:
    try:
        made, warnings = typst.compile_with_warnings(
            str(TEMPLATES / f"{template}.typ"),
            root=str(TEMPLATES),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(_settable(data), ensure_ascii=False)},
            timestamp=int(datetime.combine(day, time(), UTC).timestamp()),
            **output,
        )
    except typst.TypstError as error:
        raise TypesettingError(f"{template}: {error.message} {' '.join(error.hints)}".strip()) from error
    if warnings:
        raise TypesettingError(f"{template}: {'; '.join(warning.message for warning in warnings)}")
    assert isinstance(made, bytes | list)
    return made


def _settable(value: Any) -> Any:
    """The data with each text in characters that the fonts have."""
    match value:
        case str():
            return value if value.isascii() else "".join(map(_shown, value))
        case Mapping():
            return {name: _settable(part) for name, part in value.items()}
        case list() | tuple():
            return [_settable(part) for part in value]
        case _:
            return value


@cache
def _shown(sign: str) -> str:
    return sign if ord(sign) in _letters() and unicodedata.category(sign) not in ("Co", "Cn", "Cs") else BOX


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is set on one line, in mm, by the letters of the font; `size` is in points."""
    advances = _advances("-Bold" if bold else "")
    return sum(advances.get(ord(sign), 0.6) for sign in text) * size * MM_OF_POINT


@cache
def _advances(face: str) -> dict[int, float]:
    """How far each letter of the font advances, as a share of its size."""
    from fontTools.ttLib import TTFont

    font = TTFont(FONTS / f"DejaVuSansCondensed{face}.ttf", lazy=True)
    widths, units = font["hmtx"], font["head"].unitsPerEm
    return {code: widths[name][0] / units for code, name in font.getBestCmap().items()}


@cache
def _letters() -> frozenset[int]:
    """What every font has."""
    from fontTools.ttLib import TTFont

    found = [set(TTFont(file, lazy=True).getBestCmap()) for file in sorted(FONTS.glob("*.ttf"))]
    return frozenset(set.intersection(*found)) | {ord("\n")}
