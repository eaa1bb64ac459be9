"""What the weekly pack says on its first page, in sentences that carry their figures."""

from __future__ import annotations

from pipelines.reports.packs.figures import Figure
from pipelines.reports.packs.restating import said as restated_said
from pipelines.reports.packs.sections import Pack
from pipelines.reports.packs.wording import (
    NAMED,
    changed,
    counted,
    difference,
    money,
    named,
    shown,
    signed,
    written,
)
from pipelines.reports.statements.wording import clean
from pipelines.words import Language


def sentences(pack: Pack, language: Language) -> list[str]:
    """What changed, and why, in sentences that carry their figures; what is not known says so."""
    owed, overdue = pack.pairs["open"], pack.pairs["overdue"]
    said = []
    if None in (owed.now.value, owed.was, overdue.now.value, overdue.was):
        said.append(_said("open_unknown", language, count=shown(pack.missing["rates"], "count", language)))
    else:
        now, late = (money(pair.now, pack, language) for pair in (owed, overdue))
        said.append(
            _said("open", language, now=now, change=changed(owed, pack, language, "weekly"), overdue=late,
                  overdue_change=changed(overdue, pack, language, "weekly"))
        )  # fmt: skip
    grew, fell = ([row for row in pack.sections["causes"].rows if (difference(row[1], row[2]) or 0) * sign > 0]
                  for sign in (1, -1))  # fmt: skip
    for name, rows in (("up", grew), ("down", fell)):
        names = [f"{clean(row[0].value)} {signed(difference(row[1], row[2]), language)}" for row in rows[:NAMED]]
        if names:
            said.append(_said(name, language, names="; ".join(names), currency=pack.base_currency))
    bridge = pack.sections["bridge"]
    for row in bridge.rows:
        values: dict[str, object] = {
            name: shown(figure, kind, language) for (name, kind), figure in zip(bridge.columns, row, strict=True)
        }
        # What was paid lowers what is owed, and a sentence says so in a word.
        paid = row[bridge.column("paid")].value
        values["paid"] = written(-paid if paid is not None else None, "money", language)  # type: ignore[operator]
        # So that what is said sums up: what is rarer is said where there was any.
        for name in ("credited", "other"):
            moved = row[bridge.column(name)].value
            values[name] = None if moved == 0 else signed(moved, language)
        said.append(_said("bridge", language, **values))
    said += _pipeline(pack, language)
    calls = {f"{name}{suffix}": shown(figure, "count", language) for name in ("inbound", "missed")
             for suffix, figure in zip(("", "_before"), pack.pairs[name].figures, strict=True)}  # fmt: skip
    known = pack.pairs["inbound"].now.value is not None
    said.append(_said("calls", language, **calls) if known else _said("calls_unknown", language))
    won = pack.pairs["won"]
    said.append(
        _said("won", language, now=money(won.now, pack, language), target=money(won.plan, pack, language),
              month=language.day(pack.as_of.replace(day=1)))
    )  # fmt: skip
    danger = pack.sections["danger"]
    said.append(_said("danger", language, count=counted(danger), names=named(danger.rows)))
    said += restated_said(pack, language)
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
