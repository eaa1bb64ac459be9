"""What the report to a client says on its first page, in sentences that carry their figures."""

from __future__ import annotations

from pipelines.reports.packs.sections import Pack
from pipelines.reports.packs.wording import counted, money, shown, text_of
from pipelines.words import Language


def sentences(pack: Pack, language: Language) -> list[str]:
    """What is owed and falls due, what was invoiced beside the budget, what waits to be signed or solved."""
    balances = pack.sections["balances"]
    said = []
    for row in balances.rows:
        values = {name: shown(figure, kind, language)
                  for (name, kind), figure in zip(balances.columns, row, strict=True)}  # fmt: skip
        said.append(_said("balance", language, day=pack.as_of, **values))
    if not balances.rows:
        said.append(_said("nothing_owed" if balances.told else "balance_unknown", language, day=pack.as_of))
    [terms] = pack.sections["terms"].rows
    place = pack.sections["terms"].column
    if terms[place("next_due")].value is not None:
        said.append(_said("next_due", language, day=terms[place("next_due")].value,
                          amount=shown(terms[place("next_amount")], "pay", language),
                          currency=text_of(terms[place("currency")], language)))  # fmt: skip
    month, year = pack.pairs["invoiced_net"], pack.pairs["invoiced_year"]
    plans = [money(pair.plan, pack, language) if pair.plan and pair.plan.value is not None else None
             for pair in (month, year)]  # fmt: skip
    said.append(_said("invoiced", language, now=money(month.now, pack, language), budget=plans[0],
                      year=money(year.now, pack, language), year_budget=plans[1],
                      paid=money(pack.pairs["paid_in"].now, pack, language)))  # fmt: skip
    documents = pack.sections["documents"]
    unsigned = [row for row in documents.rows if row[documents.column("signed")].value is None]
    if unsigned:
        said.append(_said("unsigned", language, count=str(len(unsigned))))
    if pack.sections["requests"].rows:
        said.append(_said("requests", language, count=counted(pack.sections["requests"])))
    if manager := text_of(terms[place("manager")], language):
        said.append(_said("manager", language, manager=manager))
    return said


def _said(name: str, language: Language, **values: object) -> str:
    return language.text(f"client.said.{name}", **values)
