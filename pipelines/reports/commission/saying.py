"""What the statement of commission says on its first page, in sentences that carry their figures."""

from __future__ import annotations

from pipelines.reports.packs.sections import Pack
from pipelines.reports.packs.wording import money, shown
from pipelines.words import Language

LEDGERS = ("accrued_lines", "payable_lines", "clawed_back_lines")


def sentences(pack: Pack, language: Language) -> list[str]:
    """What is paid for the month and what it is made of, what waits on cash, and what is told of closed months."""

    def of(name: str) -> str:
        return money(pack.pairs[name].now, pack, language, "pay")

    said = [
        _said("to_pay", language, amount=of("commission_payable")),
        _said("accrued", language, amount=of("commission_accrued")),
        _said("clawed_back", language, amount=of("clawed_back")),
        _said("waiting", language, amount=of("waiting"), deals=str(len(pack.sections["waiting_deals"].rows))),
    ]
    if count := pack.pairs["unclosed_lines"].now.value:
        said.append(_said("unclosed", language, count=str(count)))
    told = [row[section.column("event")] for section in map(pack.sections.__getitem__, LEDGERS) for row in section.rows]
    for event in ("closed", "restated"):
        if count := sum(figure.value == event for figure in told):
            said.append(_said(event, language, count=str(count)))
    unknown = pack.missing["commission"]
    if unknown.value:
        said.append(_said("unknown", language, count=shown(unknown, "count", language)))
    return said


def _said(name: str, language: Language, **values: object) -> str:
    return language.text(f"commission.said.{name}", **values)
