"""The packs' charts: what sections hold, drawn by the specifications that the pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from babel.numbers import get_decimal_symbol, get_group_symbol

from pipelines.charts import specs
from pipelines.charts.drawing import LETTERS, svg
from pipelines.charts.palette import LIGHT
from pipelines.reports.packs.figures import Figure
from pipelines.reports.packs.sections import Pack, Section
from pipelines.reports.packs.wording import shown, signed, text_of, written
from pipelines.reports.statements.document import Picture
from pipelines.words import Language

# Pixels of half a page's width and of the whole one, in which letters of `LETTERS` are read well on paper.
HALF, WHOLE, HIGH = 285, 640, 130
# More currencies than this are told by the table alone.
MOST_CURRENCIES = 2


def charts(pack: Pack, language: Language) -> dict[str, list[Picture]]:
    """Section -> its charts, side by side; none where nothing is known."""
    draws: dict[str, Callable[[Section], list[Picture]]] = {
        "trend": lambda section: _trend(section, pack, language),
        "bridge": lambda section: _bridges(section, language),
        "pipeline": lambda section: _pipeline(section, pack, language),
    }
    made = {name: draws[name if name in draws else "trend"](section)
            for name, section in pack.sections.items() if name in draws or section.drawn}  # fmt: skip
    return {name: found for name, found in made.items() if found}


def _trend(section: Section, pack: Pack, language: Language) -> list[Picture]:
    """Amounts side by side, a group a day or month: the first column."""
    (_, kind), *amounts = section.columns
    names = {name: language.text(f"pack.columns.{name}") for name, _ in amounts}
    when = language.short_day if kind == "date" else language.short_month
    rows: list[dict[str, Any]] = [
        {"when": when(first.value)} | {name: figure.value for name, figure in zip(names, rest, strict=True)}  # type: ignore[arg-type]
        for first, *rest in section.rows
    ]
    # What is not known has its place and no column: without the place the months beside it would look like neighbours.
    known = [place for place, row in enumerate(rows) if any(row[name] is not None for name in names)]
    if not known:
        return []
    rows = rows[known[0] : known[-1] + 1]
    chart = specs.bars(
        rows, names, ["blue", "orange"], pack.base_currency, LIGHT, index="when", stacked=False, axis_format=",.0f",
        as_given=True,
    )  # fmt: skip
    first, last = (f"{row['when']} " + ", ".join(written(row[name], "money", language) for name in names)
                   for row in (rows[0], rows[-1]))  # fmt: skip
    title = f"{language.text(f'pack.sections.{section.name}')}, {pack.base_currency}"
    return [_picture(section.name, title, chart, f"{first} – {last}", WHOLE, language)]


def _bridges(section: Section, language: Language) -> list[Picture]:
    if len(section.rows) > MOST_CURRENCIES:
        return []
    names = [language.text(f"pack.columns.{name}") for name, _ in section.columns[1:]]
    # Names of steps stand side by side, each in its share of the width; where none would be read, a chart is wide.
    longest = max(len(word) for name in names for word in name.split())
    is_narrow = len(section.rows) > 1 and longest * len(names) * LETTERS * 0.6 < HALF
    made = []
    for row in section.rows:
        kept = [name in ("opening", "closing") for name, _ in section.columns[1:]]
        steps = list(zip(names, row[1:], kept, strict=True))
        title = language.text("pack.charts.bridge", currency=row[0].value)
        width = HALF if is_narrow else WHOLE
        made.append(_waterfall(f"bridge-{row[0].value}", title, steps, width, language, more_is_better=False))
    return made


def _pipeline(section: Section, pack: Pack, language: Language) -> list[Picture]:
    place = section.column("amount")
    # What is not known is no column of a chart: then the table alone says it.
    if not section.rows or any(row[place].value is None for row in section.rows):
        return []
    steps = [
        (text_of(row[0], language, pack.titles), row[place], row[0].value in ("opening", "closing"))
        for row in section.rows
    ]
    [(_, days), *_] = section.notes
    title = language.text("pack.charts.pipeline", **{name: figure.value for name, figure in days.items()})
    title = f"{title}, {pack.base_currency}"
    return [_waterfall("pipeline", title, steps, WHOLE, language, more_is_better=True)]


def _waterfall(
    name: str,
    title: str,
    steps: list[tuple[str, Figure, bool]],
    width: int,
    language: Language,
    *,
    more_is_better: bool,
) -> Picture:
    moved = [(step, figure.value, kept) for step, figure, kept in steps if kept or figure.value]
    chart = specs.waterfall(
        moved, "", LIGHT, more_is_better=more_is_better, size=LETTERS,
        written=lambda amount, sign: signed(amount, language) if sign else written(amount, "money", language),
    )  # fmt: skip
    points = "; ".join(
        f"{step} {shown(figure, 'money', language)}" for step, figure, kept in steps if kept or figure.value
    )
    return _picture(name, title, chart, points, width, language)


def _picture(name: str, title: str, chart: specs.Chart, points: str, width: int, language: Language) -> Picture:
    decimal, thousands = get_decimal_symbol(language.locale), get_group_symbol(language.locale)
    drawn = svg(chart, width, HIGH, decimal, thousands)
    return Picture(name, title, drawn, f"{title}: {points}.", width == WHOLE)
