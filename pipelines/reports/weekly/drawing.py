"""The pack's charts: what its sections hold, drawn by the specifications that the pages share."""

from __future__ import annotations

from babel.numbers import get_decimal_symbol, get_group_symbol

from pipelines.charts import specs
from pipelines.charts.drawing import LETTERS, svg
from pipelines.charts.palette import LIGHT
from pipelines.reports.statements.document import Picture
from pipelines.reports.weekly.figures import Figure
from pipelines.reports.weekly.reading import Pack, Section
from pipelines.reports.weekly.wording import shown, signed, text_of, written
from pipelines.words import Language

# Pixels of half a page's width and of the whole one, in which letters of `LETTERS` are read well on paper.
HALF, WHOLE, HIGH = 285, 640, 130
# More currencies than this are told by the table alone.
MOST_CURRENCIES = 2


def charts(pack: Pack, language: Language) -> dict[str, list[Picture]]:
    """Section -> its charts, side by side; none where nothing is known."""
    made = {
        "trend": _trend(pack.sections["trend"], pack.base_currency, language),
        "bridge": _bridges(pack.sections["bridge"], language),
        "pipeline": _pipeline(pack.sections["pipeline"], pack, language),
    }
    return {name: found for name, found in made.items() if found}


def _trend(section: Section, unit: str, language: Language) -> list[Picture]:
    names = {name: language.text(f"weekly.columns.{name}") for name in ("open", "overdue")}
    rows = [
        {"day": language.short_day(day.value), "open": owed.value, "overdue": late.value}  # type: ignore[arg-type]
        for day, owed, late in section.rows
        if None not in (owed.value, late.value)
    ]
    if not rows:
        return []
    chart = specs.bars(
        rows, names, ["blue", "orange"], unit, LIGHT, index="day", stacked=False, axis_format=",.0f", as_given=True
    )
    first, last = (f"{row['day']} {written(row['open'], 'money', language)}, "
                   f"{written(row['overdue'], 'money', language)}" for row in (rows[0], rows[-1]))  # fmt: skip
    title = f"{language.text('weekly.sections.trend')}, {unit}"
    return [_picture("trend", title, chart, f"{first} – {last}", WHOLE, language)]


def _bridges(section: Section, language: Language) -> list[Picture]:
    if len(section.rows) > MOST_CURRENCIES:
        return []
    names = [language.text(f"weekly.columns.{name}") for name, _ in section.columns[1:]]
    # Names of steps stand side by side, each in its share of the width; where none would be read, a chart is wide.
    longest = max(len(word) for name in names for word in name.split())
    is_narrow = len(section.rows) > 1 and longest * len(names) * LETTERS * 0.6 < HALF
    made = []
    for row in section.rows:
        kept = [name in ("opening", "closing") for name, _ in section.columns[1:]]
        steps = list(zip(names, row[1:], kept, strict=True))
        title = language.text("weekly.charts.bridge", currency=row[0].value)
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
    title = language.text("weekly.charts.pipeline", **{name: figure.value for name, figure in days.items()})
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
