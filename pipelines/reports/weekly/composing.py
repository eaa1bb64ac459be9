"""The weekly pack in a language: its first page in sentences, then a table a section."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipelines.reports.statements.document import Block, Cell, Column, Document, Facts, Row, Table, Text
from pipelines.reports.statements.wording import clean
from pipelines.reports.weekly.figures import Figure, Value
from pipelines.reports.weekly.reading import MOST, Pack, Pair, Section
from pipelines.words import UNKNOWN, Language, word, words

# How much of a table's width a column of text takes, where that is not as much as one of figures.
_WIDE = {"account": 2.6, "why": 4.0, "action": 2.2, "manager": 1.7, "source": 2.4, "what": 2.4, "entity": 1.4}
# How many accounts a sentence names.
_NAMED = 3


def compose(pack: Pack, language: Language, publication: str) -> Document:
    """The document of a pack."""
    title = language.text("weekly.title")
    company = clean(pack.company)
    period = f"{language.day(pack.first)} – {language.day(pack.as_of)}"
    facts = [
        (language.text("weekly.period"), period),
        (language.text("weekly.zone"), clean(pack.timezone)),
        (language.text("weekly.publication"), clean(publication)),
    ]
    if company:
        facts.insert(0, (language.text("statement.from_company"), company))
    blocks: list[Block] = [
        Text(title, "title"),
        Facts(tuple(facts)),
        Text(language.text("weekly.said.heading"), "heading"),
        *(Text(f"•\u00a0{said}") for said in sentences(pack, language)),
        Text(language.text("weekly.kpi"), "heading"),
        _key_figures(pack, language),
        Text(language.text("weekly.in_base", currency=clean(pack.base_currency)), "note"),
        Text(language.text("weekly.missing"), "heading"),
        Table(
            (
                Column(language.text("weekly.columns.what"), share=4),
                Column(language.text("weekly.columns.count"), "count"),
            ),
            tuple(
                Row((language.text(f"weekly.missings.{name}"), shown(figure, "count", language)))
                for name, figure in pack.missing.items()
            ),
        ),
    ]
    for section in pack.sections.values():
        blocks += _section(section, language)
    return Document(
        f"{title} {period}",
        company,
        " · ".join(filter(None, (company, period))),
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
        now, late = (f"{shown(pair.now, 'money', language)}\u00a0{pack.base_currency}" for pair in (owed, overdue))
        said.append(
            _said("open", language, now=now, change=_change(owed, language), overdue=late,
                  overdue_change=_change(overdue, language))
        )  # fmt: skip
    grew, fell = ([row for row in pack.sections["causes"].rows if (_difference(row[1], row[2]) or 0) * sign > 0]
                  for sign in (1, -1))  # fmt: skip
    for name, rows in (("up", grew), ("down", fell)):
        names = [
            f"{clean(row[0].value)} ({_signed(_difference(row[1], row[2]), 0, language)})" for row in rows[:_NAMED]
        ]
        if names:
            said.append(_said(name, language, names="; ".join(names)))
    bridge = pack.sections["bridge"]
    for row in bridge.rows:
        values = {name: shown(figure, kind, language) for (name, kind), figure in zip(bridge.columns, row, strict=True)}
        said.append(_said("bridge", language, **values))
    calls = {f"{name}{suffix}": shown(figure, "count", language) for name in ("inbound", "missed")
             for suffix, figure in (("", pack.pairs[name].now), ("_before", pack.pairs[name].before))}  # fmt: skip
    known = pack.pairs["inbound"].now.value is not None
    said.append(_said("calls", language, **calls) if known else _said("calls_unknown", language))
    won = pack.pairs["won"]
    said.append(
        _said("won", language, now=shown(won.now, "money", language), target=shown(won.before, "money", language))
    )
    for name in ("danger", "feeds"):
        said.append(_said(name, language, count=str(len(pack.sections[name].rows))))
    return [*said, *warnings(pack, language)]


def warnings(pack: Pack, language: Language) -> list[str]:
    """What somebody should look at before the pack goes out."""
    found = len(pack.sections["unlikely"].rows)
    return [_said("unlikely", language, count=str(found))] if found else []


def _said(name: str, language: Language, **values: str) -> str:
    return language.text(f"weekly.said.{name}", **values)


def shown(figure: Figure, kind: str, language: Language) -> str:
    """A figure as the language writes it; what is not known is a dash."""
    return written(figure.value, kind, language)


def written(value: Value, kind: str, language: Language) -> str:
    """A value by its kind: money in whole units, counts whole."""
    if value is None or value != value:
        return UNKNOWN
    if kind in ("money", "count"):
        return language.amount(value, 0).replace(" ", "\u00a0")  # type: ignore[arg-type]
    return str(value)


def text_of(figure: Figure, language: Language) -> str:
    """A text of the data on one line, a code in words."""
    if figure.value is None:
        return ""
    if figure.words == "placeholder":
        return clean(
            word(f"placeholder.{figure.value}", language.code) if figure.value in ("not_known",) else figure.value
        )
    if figure.words:
        return clean("; ".join(words(figure.words, figure.value, language.code, **figure.row)))
    return clean(figure.value)


def _difference(now: Figure, before: Figure) -> Decimal | None:
    if now.value is None or before.value is None:
        return None
    return Decimal(str(now.value)) - Decimal(str(before.value))


def _signed(value: Decimal | None, decimals: int, language: Language) -> str:
    if value is None:
        return UNKNOWN
    # The change of a figure that is shown whole may be less than one.
    text = language.amount(value, decimals).replace(" ", "\u00a0")
    return f"+{text}" if round(value, decimals) > 0 else text.removeprefix("-") if not round(value, decimals) else text


def _change(pair: Pair, language: Language) -> str:
    return _signed(_difference(pair.now, pair.before), 0, language)


def _key_figures(pack: Pack, language: Language) -> Table:
    names = ("what", "now", "before_or_plan", "change")
    columns = tuple(
        Column(
            language.text(f"weekly.columns.{name}"), "text" if name == "what" else "money", 2.4 if name == "what" else 1
        )
        for name in names
    )
    rows = [
        Row((language.text(f"weekly.kpis.{pair.name}"), shown(pair.now, pair.kind, language),
             shown(pair.before, pair.kind, language), _change(pair, language)))
        for pair in pack.pairs.values()
    ]  # fmt: skip
    return Table(columns, tuple(rows))


def _section(section: Section, language: Language) -> list[Block]:
    heading = Text(language.text(f"weekly.sections.{section.name}"), "heading")
    if not section.rows:
        return [heading, Text(language.text("weekly.no_data"))]
    columns = tuple(
        Column(language.text(f"weekly.columns.{name}"), kind if kind in ("text", "date") else "money",
               _WIDE.get(name, 1.0))
        for name, kind in section.columns
    )  # fmt: skip
    rows = [
        Row(tuple(_cell(figure, kind, language) for figure, (_, kind) in zip(row, section.columns, strict=True)))
        for row in section.rows[:MOST]
    ]
    blocks: list[Block] = [heading, Table(columns, tuple(rows))]
    if len(section.rows) > MOST:
        blocks.append(Text(language.text("weekly.shown", shown=str(MOST), all=str(len(section.rows))), "note"))
    return blocks


def _cell(figure: Figure, kind: str, language: Language) -> Cell:
    if kind == "text":
        return text_of(figure, language)
    return figure.value if kind == "date" else shown(figure, kind, language)  # type: ignore[return-value]


def labels(columns: Sequence[tuple[str, str]], language: Language) -> list[str]:
    """The columns' names in words."""
    return [language.text(f"weekly.columns.{name}") for name, _ in columns]
