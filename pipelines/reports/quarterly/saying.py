"""What the quarterly pack says on its first page, in sentences that carry their figures."""

from __future__ import annotations

from pipelines.reports.packs.figures import Figure
from pipelines.reports.packs.sections import Pack
from pipelines.reports.packs.wording import changed, counted, money, named, shown
from pipelines.words import Language


def sentences(pack: Pack, language: Language) -> list[str]:
    """Results, what is owed, the year ahead, how accounts stand, the key account list; what is not known says so."""
    won, revenue, owed, late = (pack.pairs[name] for name in ("won_in_period", "revenue", "open", "overdue"))
    said = [
        _said("won", language, now=money(won.now, pack, language), change=changed(won, pack, language, pack.name),
              target=_known(won.plan, pack, language), deals=shown(pack.pairs["deals_won"].now, "count", language),
              lost=shown(pack.pairs["deals_lost"].now, "count", language)),
        _said("revenue", language, now=money(revenue.now, pack, language),
              change=changed(revenue, pack, language, pack.name), target=_known(revenue.plan, pack, language),
              collected=money(pack.pairs["collected"].now, pack, language)),
        _said("owed", language, open=money(owed.now, pack, language), overdue=money(late.now, pack, language),
              change=changed(late, pack, language, pack.name)),
        _said("ahead", language, open=money(pack.pairs["pipeline_open"].now, pack, language),
              weighted=money(pack.pairs["pipeline_weighted"].now, pack, language),
              renewals=counted(pack.sections["year_renewals"])),
    ]  # fmt: skip
    statuses = pack.sections["statuses"]
    counts = {str(row[0].value): str(row[statuses.column("accounts")].value) for row in statuses.rows}
    said.append(_said("statuses", language, **{name: counts.get(name, "0") for name in ("active", "paused", "lost")})
                if statuses.rows else _said("statuses_unknown", language))  # fmt: skip
    listed, proposals = pack.sections["key_list"], pack.sections["proposals"]
    said.append(_said("listed", language, count=counted(listed)))
    way = proposals.column("proposal")
    for proposal in ("enter", "leave"):
        rows = [row for row in proposals.rows if row[way].value == proposal]
        if rows:
            said.append(_said(proposal, language, count=str(len(rows)), names=named(rows)))
    return said


def _known(figure: Figure | None, pack: Pack, language: Language) -> str | None:
    return money(figure, pack, language) if figure is not None and figure.value is not None else None


def _said(name: str, language: Language, **values: object) -> str:
    return language.text(f"quarterly.said.{name}", **values)
