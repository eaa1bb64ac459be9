"""The weekly pack in a language: its first page in sentences, then a table a section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.reports.statements.document import (
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Picture,
    Pictures,
    Row,
    Table,
    Text,
)
from pipelines.reports.statements.wording import clean
from pipelines.reports.weekly.drawing import charts
from pipelines.reports.weekly.figures import Figure
from pipelines.reports.weekly.reading import MOST, Pack, Pair, Section
from pipelines.reports.weekly.wording import difference, shown, signed, text_of, written
from pipelines.words import UNKNOWN, Language

# How much of a table's width a column of text takes, where that is not as much as one of figures.
_WIDE = {
    "account": 2.6, "why": 4.0, "action": 2.4, "manager": 1.9, "source": 2.6, "what": 2.4, "entity": 2.2,
    "movement": 2.4, "promised_for": 1.4, "oldest": 1.4, "overdue": 1.4, "band": 1.5, "state": 1.3,
}  # fmt: skip
# How many accounts a sentence names.
_NAMED = 3


def compose(pack: Pack, language: Language, publication: str, notes: Sequence[str] = ()) -> Document:
    """The document of a pack, notes first."""
    title = language.text("weekly.title")
    company = clean(pack.company)
    period = f"{language.day(pack.first)} – {language.day(pack.as_of)}"
    facts = [
        (language.text("weekly.period"), period),
        (language.text("weekly.amounts"), language.text("weekly.in_base", currency=clean(pack.base_currency))),
        (language.text("weekly.zone"), clean(pack.timezone)),
        (language.text("weekly.publication"), clean(publication)),
    ]
    if company:
        facts.insert(0, (language.text("statement.from_company"), company))
    drawn = charts(pack, language)
    blocks: list[Block] = [
        Text(title, "title"),
        *(Text(clean(note)) for note in notes),
        Facts(tuple(facts)),
        Text(language.text("weekly.said.heading"), "heading"),
        *(Text(f"•\u00a0{said}") for said in sentences(pack, language)),
        Text(language.text("weekly.kpi"), "heading"),
        key_figures(pack, language),
    ]
    for section in pack.sections.values():
        if section.drawn:
            blocks += _section(section, language, pack, drawn.get(section.name, []))
    blocks += [Text(language.text("weekly.missing"), "heading"), missing(pack, language)]
    for section in pack.sections.values():
        if not section.drawn:
            blocks += _section(section, language, pack, drawn.get(section.name, []))
    return Document(
        f"{title} {period}",
        company,
        " · ".join(filter(None, (company, title, period))),
        language,
        0,
        pack.as_of,
        tuple(blocks),
    )


def sentences(pack: Pack, language: Language) -> list[str]:
    """What changed, and why, in sentences that carry their figures; what is not known says so."""
    owed, overdue = pack.pairs["open"], pack.pairs["overdue"]
    said = []
    if None in (owed.now.value, owed.before.value, overdue.now.value, overdue.before.value):
        said.append(_said("open_unknown", language, count=shown(pack.missing["rates"], "count", language)))
    else:
        now, late = (_money(pair.now, pack, language) for pair in (owed, overdue))
        said.append(
            _said("open", language, now=now, change=_changed(owed, pack, language), overdue=late,
                  overdue_change=_changed(overdue, pack, language))
        )  # fmt: skip
    grew, fell = ([row for row in pack.sections["causes"].rows if (difference(row[1], row[2]) or 0) * sign > 0]
                  for sign in (1, -1))  # fmt: skip
    for name, rows in (("up", grew), ("down", fell)):
        names = [f"{clean(row[0].value)} {signed(difference(row[1], row[2]), language)}" for row in rows[:_NAMED]]
        if names:
            said.append(_said(name, language, names="; ".join(names), currency=pack.base_currency))
    bridge = pack.sections["bridge"]
    for row in bridge.rows:
        values = {name: shown(figure, kind, language) for (name, kind), figure in zip(bridge.columns, row, strict=True)}
        # What was paid lowers what is owed, and a sentence says so in a word.
        paid = row[bridge.column("paid")].value
        values["paid"] = written(-paid if paid is not None else None, "money", language)  # type: ignore[operator]
        said.append(_said("bridge", language, **values))
    said += _pipeline(pack, language)
    calls = {f"{name}{suffix}": shown(figure, "count", language) for name in ("inbound", "missed")
             for suffix, figure in (("", pack.pairs[name].now), ("_before", pack.pairs[name].before))}  # fmt: skip
    known = pack.pairs["inbound"].now.value is not None
    said.append(_said("calls", language, **calls) if known else _said("calls_unknown", language))
    won = pack.pairs["won"]
    said.append(
        _said("won", language, now=_money(won.now, pack, language), target=_money(won.before, pack, language),
              month=language.day(pack.as_of.replace(day=1)))
    )  # fmt: skip
    names = [clean(row[0].value) for row in pack.sections["danger"].rows[:_NAMED]]
    said.append(_said("danger", language, count=str(len(pack.sections["danger"].rows)), names="; ".join(names) or None))
    said.append(_said("feeds", language, count=str(len(pack.sections["feeds"].rows))))
    return [*said, *warnings(pack, language)]


def warnings(pack: Pack, language: Language) -> list[str]:
    """What somebody should look at before the pack goes out."""
    found = len(pack.sections["unlikely"].rows)
    return [_said("unlikely", language, count=str(found))] if found else []


def _pipeline(pack: Pack, language: Language) -> list[str]:
    section = pack.sections["pipeline"]
    amounts = {row[0].value: row[section.column("amount")] for row in section.rows}
    if not {"opening", "closing"} <= amounts.keys():
        return []
    none = Figure(0, "", "", {})
    values: dict[str, object] = {}
    for name in ("opening", "opened", "won", "lost", "closing"):
        value = amounts.get(name, none).value
        # What left the pipeline is told by its word.
        left = name in ("won", "lost") and value is not None
        values[name] = written(-value if left else value, "money", language)  # type: ignore[operator]
    [(_, days), *_] = section.notes
    return [_said("pipeline", language, **values, **{name: figure.value for name, figure in days.items()})]


def _said(name: str, language: Language, **values: object) -> str:
    return language.text(f"weekly.said.{name}", **values)


def _money(figure: Figure, pack: Pack, language: Language) -> str:
    said = shown(figure, "money", language)
    return said if said == UNKNOWN else f"{said}\u00a0{pack.base_currency}"


def _changed(pair: Pair, pack: Pack, language: Language) -> str:
    change = difference(pair.now, pair.before)
    if change is None:
        return language.text("weekly.changed.unknown")
    way = "same" if not round(change) else "more" if change > 0 else "less"
    size = f"{written(abs(change), 'money', language)}\u00a0{pack.base_currency}"
    return language.text(f"weekly.changed.{way}", size=size)


def key_figures(pack: Pack, language: Language) -> Table:
    """Figures of the week beside those of the week before, or beside their plan."""
    names = ("what", "now", "week_before", "change", "plan")
    columns = tuple(
        Column(
            language.text(f"weekly.columns.{name}"), "text" if name == "what" else "money", 2.4 if name == "what" else 1
        )
        for name in names
    )
    rows = []
    for pair in pack.pairs.values():
        label, now = language.text(f"weekly.kpis.{pair.name}"), shown(pair.now, pair.kind, language)
        beside = shown(pair.before, pair.kind, language)
        change = signed(difference(pair.now, pair.before), language)
        rows.append(Row((label, now, beside, change, "") if pair.against == "week" else (label, now, "", "", beside)))
    return Table(columns, tuple(rows), whole=True)


def missing(pack: Pack, language: Language) -> Table:
    """Counts of what is not known."""
    return Table(
        (
            Column(language.text("weekly.columns.what"), share=4),
            Column(language.text("weekly.columns.count"), "count"),
        ),
        tuple(
            Row((language.text(f"weekly.missings.{name}"), shown(figure, "count", language)))
            for name, figure in pack.missing.items()
        ),
        whole=True,
    )


def _section(section: Section, language: Language, pack: Pack, drawn: list[Picture]) -> list[Block]:
    heading = Text(language.text(f"weekly.sections.{section.name}"), "heading")
    if not section.rows or (section.drawn and not drawn):
        return [heading, Text(language.text("weekly.no_data"))]
    if section.drawn:
        # What is but a chart has the chart's title, which names the currency.
        return [Text(drawn[0].title, "heading"), Pictures(tuple(replace(each, title="") for each in drawn))]
    lead = [
        language.text(f"weekly.notes.{name}", **{label: figure.value for label, figure in values.items()})
        for name, values in section.notes
    ]
    is_wide = any(each.wide for each in drawn)
    beside: list[tuple[Picture, ...]] = [(each,) for each in drawn] if is_wide else [tuple(drawn)] if drawn else []
    if len(section.rows) > MOST:
        lead.append(language.text("weekly.shown", shown=str(MOST), all=str(len(section.rows))))
    return [
        heading,
        *([Text(" ".join(lead), "lead")] if lead else []),
        table(section, language, pack),
        *map(Pictures, beside),
    ]


def table(section: Section, language: Language, pack: Pack) -> Table:
    """A section's first rows, with the change where two columns stand beside each other."""
    columns = [
        Column(language.text(f"weekly.columns.{name}"), kind if kind in ("text", "date") else "money",
               _WIDE.get(name, 1.0))
        for name, kind in section.columns
    ]  # fmt: skip
    rows = [
        [_cell(figure, kind, language, pack) for figure, (_, kind) in zip(row, section.columns, strict=True)]
        for row in section.rows[:MOST]
    ]
    if section.change:
        columns.append(Column(language.text("weekly.columns.change"), "money"))
        now, before = map(section.column, section.change)
        for figures, cells in zip(section.rows, rows, strict=False):
            cells.append(signed(difference(figures[now], figures[before]), language))
    return Table(tuple(columns), tuple(Row(tuple(cells)) for cells in rows), whole=True)


def _cell(figure: Figure, kind: str, language: Language, pack: Pack) -> Cell:
    if kind == "text":
        return text_of(figure, language, pack.titles)
    return figure.value if kind == "date" else shown(figure, kind, language)  # type: ignore[return-value]


def labels(columns: Sequence[tuple[str, str]], language: Language) -> list[str]:
    """The columns' names in words."""
    return [language.text(f"weekly.columns.{name}") for name, _ in columns]
