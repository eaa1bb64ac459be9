"""A pack in a language: its first page in sentences, its figures, then a table a section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import ModuleType

from pipelines.reports.appraisal import saying as appraisal
from pipelines.reports.client import saying as client
from pipelines.reports.commission import saying as commission
from pipelines.reports.monthly import saying as monthly
from pipelines.reports.packs.drawing import charts
from pipelines.reports.packs.figures import Figure
from pipelines.reports.packs.sections import Pack, Section
from pipelines.reports.packs.wording import changed_by, difference, shown, signed, text_of, written
from pipelines.reports.quarterly import saying as quarterly
from pipelines.reports.statements.document import (
    Block,
    Cell,
    Column,
    ColumnKind,
    Document,
    Facts,
    Picture,
    Pictures,
    Row,
    Table,
    Text,
)
from pipelines.reports.statements.wording import clean
from pipelines.reports.typesetting import width
from pipelines.reports.weekly import saying as weekly
from pipelines.words import Language

# What each report says in sentences.
SAYING: dict[str, ModuleType] = {
    "weekly": weekly, "monthly": monthly, "quarterly": quarterly, "client": client,
    "appraisal": appraisal, "commission": commission,
}  # fmt: skip
# A table's width in mm and its letters in points, smaller where it has more columns than MANY, as house.typ and
# statement.typ have them; what stands between two columns, and the longest word that is not broken.
LINE, LETTERS, LETTERS_OF_MANY, MANY, GAP, LONGEST = 174, 8, 7, 7, 2.3, 36
# How much of a table's width a column of text takes, where that is not as much as one of figures.
_WIDE = {
    "account": 2.6, "why": 6.0, "pay": 1.4, "action": 2.4, "manager": 1.9, "source": 2.6, "what": 2.4, "entity": 2.2,
    "movement": 2.4, "promised_for": 1.4, "oldest": 1.4, "overdue": 1.4, "band": 1.9, "state": 1.3,
    "last_invoice": 1.3, "entered": 1.3, "basis": 2.0, "proposal": 1.2, "category": 1.6,
    "document": 1.8, "document_kind": 1.8, "kind": 1.5, "about": 2.6,
    "month": 1.7, "contact": 1.5, "phone": 2.1, "deal": 4.0, "norm": 2.4, "stage": 2.0, "on_day": 1.3, "closes": 1.3,
    "application": 4.6, "next_contact": 1.3, "renewal": 1.3, "last_contact": 1.3, "ends": 1.3,
}  # fmt: skip


def sentences(pack: Pack, language: Language) -> list[str]:
    """What a reader reads first."""
    said: list[str] = SAYING[pack.name].sentences(pack, language)
    return said


def compose(pack: Pack, language: Language, publication: str, notes: Sequence[str] = ()) -> Document:
    """The document of a pack, notes first."""
    title = language.text(f"{pack.name}.title")
    company = clean(pack.company)
    period = period_of(pack, language)
    person = text_of(pack.of, language) if pack.of else ""
    facts = [
        (language.text("statement.from_company"), company),
        (language.text(f"pack.columns.{pack.of_what}"), person),
        (language.text(f"{pack.name}.period"), period),
        (language.text("pack.amounts"), language.text("pack.in_base", currency=clean(pack.base_currency))),
    ]
    if not pack.is_for_client:
        facts += [(language.text("pack.zone"), clean(pack.timezone)),
                  (language.text("pack.publication"), clean(publication))]  # fmt: skip
    drawn = charts(pack, language)
    blocks: list[Block] = [
        Text(title, "title"),
        *(Text(clean(note)) for note in notes),
        Facts(tuple((name, value) for name, value in facts if value)),
        Text(language.text(f"{pack.name}.said.heading"), "heading"),
        *(Text(f"•\u00a0{said}") for said in sentences(pack, language)),
        Text(language.text("pack.kpi"), "heading"),
        key_figures(pack, language),
    ]
    for section in pack.sections.values():
        if section.is_leading:
            blocks += _section(section, language, pack, drawn.get(section.name, []))
    blocks += [Text(language.text("pack.missing"), "heading"), missing(pack, language)]
    for section in pack.sections.values():
        if not section.is_leading and not section.detail:
            blocks += _section(section, language, pack, drawn.get(section.name, []))
    return Document(
        " ".join(filter(None, (title, period, person))),
        company,
        " · ".join(filter(None, (company, title, person, period))),
        language,
        0,
        pack.as_of,
        tuple(blocks),
    )


def period_of(pack: Pack, language: Language) -> str:
    """The period in words: a month by its name, a quarter or half-year by its number, a week by its days."""
    match pack.months:
        case 0:
            return f"{language.day(pack.first)} – {language.day(pack.as_of)}"
        case 1:
            return language.month(pack.as_of)
        case months:
            return language.text(f"pack.periods.months_{months}", number=pack.number, year=str(pack.as_of.year))


def key_figures(pack: Pack, language: Language) -> Table:
    """Figures of the period beside those of the period before, or beside their plan."""
    columns = (
        Column(language.text("pack.columns.what"), share=2.4),
        Column(language.text(f"{pack.name}.beside.now"), "money"),
        Column(language.text(f"{pack.name}.beside.before"), "money"),
        Column(language.text("pack.columns.change"), "money"),
        Column(language.text(f"{pack.name}.beside.plan"), "money"),
    )
    rows = []
    for pair in pack.pairs.values():
        now, before, plan = (
            "" if figure is None else shown(figure, pair.kind, language)
            for figure in (pair.now, pair.before, pair.plan)
        )
        change = changed_by(pair.now, pair.before, pair.kind, language) if pair.before else ""
        rows.append(Row((language.text(f"pack.kpis.{pair.name}"), now, before, change, plan)))
    return Table(columns, tuple(rows), whole=True)


def missing(pack: Pack, language: Language) -> Table:
    """Counts of what is not known."""
    return Table(
        (
            Column(language.text("pack.columns.what"), share=4),
            Column(language.text("pack.columns.count"), "count"),
        ),
        tuple(
            Row((language.text(f"pack.missings.{name}"), shown(figure, "count", language)))
            for name, figure in pack.missing.items()
        ),
        whole=True,
    )


def _section(section: Section, language: Language, pack: Pack, drawn: list[Picture]) -> list[Block]:
    heading = Text(language.text(f"pack.sections.{section.name}"), "heading")
    if pack.is_for_client and not section.rows and not section.told:
        # What we do not keep of a client is nothing to tell him.
        return []
    lead = [
        language.text(f"pack.notes.{name}", **{label: figure.value for label, figure in values.items()})
        for name, values in section.notes
    ]
    if not section.rows or (section.drawn and not drawn):
        # A note may say why there is nothing.
        return [heading, *([Text(" ".join(lead), "lead")] if lead else []), Text(language.text(section.nothing))]
    if section.drawn:
        # What is but a chart has the chart's title, which names the currency.
        return [Text(drawn[0].title, "heading"), Pictures(tuple(replace(each, title="") for each in drawn))]
    is_wide = any(each.wide for each in drawn)
    beside: list[tuple[Picture, ...]] = [(each,) for each in drawn] if is_wide else [tuple(drawn)] if drawn else []
    if len(section.rows) > section.most:
        lead.append(language.text("pack.shown", shown=str(section.most), all=str(len(section.rows))))
    return [
        heading,
        *([Text(" ".join(lead), "lead")] if lead else []),
        table(section, language, pack),
        *map(Pictures, beside),
    ]


def table(section: Section, language: Language, pack: Pack) -> Table:
    """A section's first rows and the total of all, with the change where two columns stand beside each other."""
    heads = [language.text(f"pack.columns.{name}") for name, _ in section.columns]
    kinds: list[ColumnKind] = [
        "date" if kind == "date" else "text" if kind in ("text", "month") else "money" for _, kind in section.columns
    ]
    shares = [_WIDE.get(name, 1.0) for name, _ in section.columns]
    cells = [
        [
            _cell(figure, section.kind(number, kind), language, pack)
            for figure, (_, kind) in zip(row, section.columns, strict=True)
        ]
        for number, row in enumerate(section.rows[: section.most])
    ]
    has_total = bool(section.totals) and len(section.rows) > 1
    if has_total:
        sums = [written(section.total(name), kind, language) if name in section.totals else ""
                for name, kind in section.columns]  # fmt: skip
        cells.append([language.text("pack.total"), *sums[1:]])
    if section.change:
        heads.append(language.text("pack.columns.change"))
        kinds.append("money")
        shares.append(1.0)
        now, before = map(section.column, section.change)
        kind = section.columns[now][1]
        changes = [signed(difference(row[now], row[before]), language, kind) for row in section.rows[: section.most]]
        for row, change in zip(cells, [*changes, *[""] * has_total], strict=True):
            row.append(change)
    rows = tuple(
        Row(tuple(row), strong=has_total and number == len(cells)) for number, row in enumerate(cells, start=1)
    )
    columns = tuple(map(Column, heads, kinds, _widths(heads, kinds, cells, shares, language)))
    return Table(columns, rows, whole=True)


def _widths(
    heads: list[str], kinds: Sequence[ColumnKind], rows: list[list[Cell]], shares: list[float], language: Language
) -> list[float]:
    """The columns' widths in mm: as they are shared, and at least the longest word of each."""
    size = LETTERS_OF_MANY if len(heads) > MANY else LETTERS
    least = []
    for place, head in enumerate(heads):
        cells = [row[place] for row in rows]
        texts = [language.day(cell) if isinstance(cell, date) else str(cell or "") for cell in cells]
        words = [width(word, size, bold=True) for word in head.split(" ")]
        words += [width(word, size) for text in texts for word in text.split(" ")]
        apart = kinds[place] in ("text", "date") and place > 0 and kinds[place - 1] not in ("text", "date")
        least.append(min(max(words), LONGEST) + GAP + 3 * apart)
    open_places = set(range(len(heads)))
    while True:
        left = LINE - sum(least[place] for place in range(len(heads)) if place not in open_places)
        each = max(left, 0) / (sum(shares[place] for place in open_places) or 1)
        short = {place for place in open_places if shares[place] * each < least[place]}
        if not short:
            return [shares[place] * each if place in open_places else least[place] for place in range(len(heads))]
        open_places -= short


def _cell(figure: Figure, kind: str, language: Language, pack: Pack) -> Cell:
    if kind == "text":
        return text_of(figure, language, pack.titles)
    return figure.value if kind == "date" else shown(figure, kind, language)  # type: ignore[return-value]


def labels(columns: Sequence[tuple[str, str]], language: Language) -> list[str]:
    """The columns' names in words."""
    return [language.text(f"pack.columns.{name}") for name, _ in columns]
