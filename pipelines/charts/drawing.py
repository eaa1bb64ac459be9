"""A specification drawn without a browser: vectors for paper, pixels for mail, in the font that packs are set in."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from pathlib import Path

from pipelines.charts.palette import LIGHT
from pipelines.charts.specs import Chart, styled

FONTS = Path(__file__).parent.parent / "reports" / "fonts"
# As the file names itself, then as the typesetter does, which takes the face for no part of a family's name.
FONT = "DejaVu Sans Condensed, DejaVu Sans"
LETTERS = 9


def svg(chart: Chart, width: int, height: int, decimal: str = ".", thousands: str = ",") -> str:
    """The chart as SVG, its drawing so many pixels wide and high, its numbers with these signs.

    The same chart is the same text.
    """
    drawn = styled(chart.configure(font=FONT), LIGHT, LETTERS).properties(width=width, height=height)
    return _drawn(json.dumps(drawn.to_dict()), decimal, thousands)


@lru_cache(64)
def _drawn(specification: str, decimal: str, thousands: str) -> str:
    import vl_convert

    _with_fonts()
    signs = {"decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""]}
    return str(vl_convert.vegalite_to_svg(specification, format_locale=signs))


@lru_cache(64)
def png(drawn: str, factor: float = 2) -> bytes:
    """A drawn chart in pixels, `factor` for each of its own."""
    import vl_convert

    _with_fonts()
    return bytes(vl_convert.svg_to_png(drawn, scale=factor))


@cache
def _with_fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
