"""What changed since the report before was sent, as sections of the pack; deliveries know what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.reports.packs.figures import Figure, cell
from pipelines.reports.packs.sections import Kind, Pack, Section
from pipelines.reports.packs.wording import NAMED, difference, signed, text_of
from pipelines.words import Language

# What the cells are of: the answer of `keybook restated`, not a table of the publication.
TABLE = "restated"
_ROW = ("line_id", "account_id", "period")
_COLUMNS: dict[str, tuple[str, Kind, str | None]] = {
    "account": ("account_name", "text", None), "number": ("document", "text", None),
    "movement": ("measure", "text", "pack.restated_measure"), "why": ("reason", "text", "pack.restated_reason"),
    "on_day": ("occurred_on", "date", None), "currency": ("currency", "text", None), "was": ("was", "pay", None),
    "now": ("now", "pay", None), "was_file": ("was_file", "text", None), "was_row": ("was_row", "count", None),
    "now_file": ("now_file", "text", None), "now_row": ("now_row", "count", None),
}  # fmt: skip


def sections(told: Mapping[str, Any] | None, unit: str = "week") -> list[Section]:
    """The figures that are others by now, and the lines that they changed by; none where no report was sent before.

    `told` is what `restated` of deliveries found: `period`, `problem`, `totals`, `rows`; `unit` is that of its periods,
    a week or a month.
    """
    if told is None or told["problem"] == "not_sent":
        return []
    problem = told["problem"]
    key = {"period": told["period"]}
    note = f"restated_{problem}" if problem else "restated"
    values = {"period": Figure(told["period"], TABLE, "period", key)}
    figures: list[list[Figure]] = [
        [
            cell(TABLE, row, name, ("period", "measure", "currency"), words)
            for name, words in (("period", None), ("measure", "pack.restated_measure"), ("currency", None),
                                ("was", None), ("now", None))
        ]
        for row in told["totals"]
    ]  # fmt: skip
    columns: tuple[tuple[str, Kind], ...] = (
        (unit, "month" if unit == "month" else "date"), ("movement", "text"), ("currency", "text"), ("was", "pay"),
        ("now", "pay"),
    )  # fmt: skip
    changed = Section("restated", columns, figures, change=("now", "was"), notes=((note, values),), told=not problem)
    return [changed, *_lines(told["rows"])]


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Every line, with the file and row that told it then and that tell it now."""
    if not rows:
        return []
    figures = [[cell(TABLE, row, name, _ROW, words) for name, _, words in _COLUMNS.values()] for row in rows]
    columns = tuple((label, kind) for label, (_, kind, _) in _COLUMNS.items())
    return [Section("restated_lines", columns, figures, change=("now", "was"), detail=True, told=True)]


def said(pack: Pack, language: Language) -> list[str]:
    """What was told otherwise in the report before, figure by figure; nothing where nothing was."""
    section = pack.sections.get("restated")
    if section is None or not section.rows:
        return []
    [(_, values)] = section.notes
    parts = []
    for period, movement, currency, was, now in section.rows[:NAMED]:
        change = signed(difference(now, was), language, "pay")
        unit = f"\u00a0{currency.value}" if currency.value else ""
        when = (language.month if section.columns[0][1] == "month" else language.day)(period.value)  # type: ignore[arg-type]
        parts.append(f"{text_of(movement, language)} {when} {change}{unit}")
    return [language.text("pack.restated_said", period=values["period"].value, count=str(len(section.rows)),
                          figures="; ".join(parts))]  # fmt: skip
