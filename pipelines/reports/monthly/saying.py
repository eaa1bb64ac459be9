"""What the monthly pack says on its first page, in sentences that carry their figures."""

from __future__ import annotations

from pipelines.reports.packs.figures import Figure
from pipelines.reports.packs.restating import said as restated_said
from pipelines.reports.packs.sections import Pack, Section
from pipelines.reports.packs.wording import changed, counted, money, named, shown, text_of
from pipelines.words import Language


def sentences(pack: Pack, language: Language) -> list[str]:
    """How the month went, what is to be paid for it, and whom to call; what is not known says so."""
    revenue, owed, late = (pack.pairs[name] for name in ("revenue", "open_amount", "overdue_amount"))
    quota = revenue.plan.value if revenue.plan else None
    said = [
        _said("revenue", language, now=money(revenue.now, pack, language),
              change=changed(revenue, pack, language, "monthly"),
              quota=money(revenue.plan, pack, language) if quota is not None else None,
              band=pack.of.row["quota_band"] if pack.of else None),
        _said("owed", language, accounts=shown(pack.pairs["accounts"].now, "count", language),
              open=money(owed.now, pack, language), overdue=money(late.now, pack, language),
              change=changed(late, pack, language, "monthly"),
              collected=money(pack.pairs["collected"].now, pack, language)),
        _said("commission", language, payable=money(pack.pairs["commission_payable"].now, pack, language, "pay"),
              accrued=money(pack.pairs["commission_accrued"].now, pack, language, "pay")),
    ]  # fmt: skip
    if norms := _norms(pack.sections["own_norms"], language):
        said.append(norms)
    for name in ("call", "called", "silent", "unwell", "renewals"):
        section = pack.sections[name]
        names = named(section.rows, section.column("account"))
        said.append(_said(name, language, count=counted(section), names=names))
    states: list[Figure] = [row[-1] for row in pack.sections["own_promises"].rows]
    counts = {state: str(sum(each.value == state for each in states)) for state in ("broken", "partly", "open")}
    if states:
        said.append(_said("promises", language, **counts))
    return said + restated_said(pack, language)


def _norms(section: Section, language: Language) -> str | None:
    """How many norms were reached, and which were not; one of which nobody tells what was done is neither."""
    done, due = section.column("done"), section.column("due_of_norm")
    known = [row for row in section.rows if row[done].value is not None]
    behind = [row for row in known if row[done].value < row[due].value]  # type: ignore[operator]
    names = "; ".join(
        f"{text_of(row[0], language)} {shown(row[done], 'count', language)} / {shown(row[due], 'count', language)}"
        for row in behind
    )
    unknown = "; ".join(text_of(row[0], language) for row in section.rows if row not in known)
    if not section.rows:
        return None
    return _said("norms", language, reached=str(len(known) - len(behind)), all=str(len(section.rows)),
                 names=names or None, unknown=unknown or None)  # fmt: skip


def _said(name: str, language: Language, **values: object) -> str:
    return language.text(f"monthly.said.{name}", **values)
