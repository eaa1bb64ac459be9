"""What is asked of a person before a first contract may land anything: what neither the file nor an answer settles."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.exports.contracts.clues import is_grand
from pipelines.exports.contracts.guess import COMMON, STRIPPED, SURE, Guess
from pipelines.exports.contracts.plan import MAIN_AMOUNT, NONE, Plan, Question, amounts
from pipelines.exports.contracts.profile import Profile
from pipelines.exports.contracts.vocabulary import currencies, synonyms, tokens
from pipelines.exports.landing.orders import DAY_FIRST, MONTH_FIRST

_OPEN = frozenset(["open", "remaining", "outstanding", "unbilled", "offen", "kvar", "остаток"])
# Entities whose runner-up would be other money: whether it is this one or that is asked when both fit.
_MONEY = {"billing.invoices", "billing.payments", "billing.invoice_lines", "crm.deals", "billing.orders"}
# Entities whose rows are each a sum of money that counts or does not.
_COUNTED = {"billing.invoices", "billing.payments", "billing.adjustments", "billing.orders"}
_CLOSE = 1.5
_FEW_WORDS = 6


def options(profiles: list[Profile]) -> tuple[str, ...]:
    """The headers of columns that hold anything, as answers."""
    return tuple(found.header for found in profiles if found.filled and not found.header.startswith("(unnamed"))


def which_entity(plan: Plan, found: Guess) -> None:
    """What the table holds, where two entities of money fit it alike."""
    other = found.runner_up
    if "entity" in plan.answers or other is None or found.score - other.score >= _CLOSE:
        return
    if {found.entity.id, other.entity.id} & _MONEY:
        pair = (found.entity.id, other.entity.id)
        plan.questions.append(Question("entity", "entity", pair, {"name": ", ".join(pair)}))


def needs(plan: Plan) -> None:
    """Which column is what a row means nothing without, where none is."""
    for need in plan.needs:
        if (
            need in {*plan.columns, *plan.joined, *plan.added, *plan.values}
            or plan.answers.get(f"column.{need}") == NONE
        ):
            continue
        plan.questions.append(
            Question(
                f"column.{need}", "need", (*options(plan.profiles), NONE), {"column_name": f"{plan.entity.id}.{need}"}
            )
        )


def which_amount(plan: Plan, found: Guess) -> None:
    """Whether the column that all money hangs on is the one: a word of its own, or a sum that holds, else it is asked."""
    main = MAIN_AMOUNT.get(plan.entity.id)
    chosen = plan.columns.get(main) if main else None
    if main is None or chosen is None or f"column.{main}" in plan.answers or main in found.confirmed:
        return
    strength = found.strengths.get(main, 0.0)
    taken = {mapped.place for name, mapped in plan.columns.items() if name != main}
    rivals = [other for other in amounts(plan.profiles) if other.place not in taken and other is not chosen]
    named = [other for other in found.rivals.get(main, []) if other in rivals]
    sure = strength >= COMMON * STRIPPED or (strength >= SURE and not rivals)
    if main == "open_amount":
        # An order's total is what is open of it only while nothing of it was delivered or billed.
        sure = bool(tokens(chosen.header) & _OPEN)
    if not sure or (named and _weight(found, main, named[0]) >= strength - 0.4):
        plan.questions.append(
            Question(
                f"column.{main}",
                "amount",
                options([chosen, *rivals]),
                {"column_name": main, "name": ", ".join(options([chosen, *rivals]))},
            )
        )


def _weight(found: Guess, name: str, other: Profile) -> float:
    return found.weights.get((name, other.place), 0.0)


def signs(plan: Plan) -> None:
    """What a minus means: a credit note among invoices; elsewhere it is asked."""
    main = "quantity" if plan.entity.id == "billing.invoice_lines" else MAIN_AMOUNT.get(plan.entity.id)
    amount = plan.columns.get(main) if main else None
    if amount is None or not amount.negative:
        _kind(plan)
        return
    if plan.entity.id == "billing.invoices":
        plan.signed = True
    elif "negative" not in plan.answers:
        plan.questions.append(
            Question("negative", "negative", ("keep",), {"column_name": amount.header, "row_count": amount.negative})
        )
    _kind(plan)


def _kind(plan: Plan) -> None:
    names = {column.name for column in plan.entity.columns}
    if "document_kind" in names - plan.columns.keys() and not plan.signed:
        plan.values["document_kind"] = "invoice"
        plan.why["document_kind"] = "every row is an invoice"


def formats(plan: Plan) -> None:
    """The order of day and month, the decimal mark and the units of amounts, where values tell none."""
    if plan.both_orders and not plan.date_order:
        example = next((sample for found in plan.moments for sample in found.samples), "")
        plan.questions.append(Question("date_order", "date_order", (DAY_FIRST, MONTH_FIRST), {"said": example}))
    numeric, points, commas = plan.marks
    if any(found.marked for found in numeric) and points == commas and not plan.decimal:
        example = next((s for found in numeric if found.marked for s in found.samples if re.search("[.,]", s)), "")
        plan.questions.append(Question("decimal", "decimal", (".", ","), {"said": example}))
    money = [found for found in plan.typed("money", "price") if found.filled]
    records = "$" in plan.table.grid.part or any(found.unix == found.filled > 0 for found in plan.profiles)
    if money and records and all(found.whole == found.filled for found in money):
        if "units" not in plan.answers:
            example = next((sample for found in money for sample in found.samples), "")
            plan.questions.append(Question("units", "units", ("whole", "hundredths"), {"said": example}))
        plan.minor = plan.answers.get("units") == "hundredths"


def words(plan: Plan) -> None:
    """What the words are that no contract knows."""
    money = plan.columns.get("currency")
    for word, count in (money.words if money else {}).items():
        if word.strip().upper() not in currencies() and f"word.currency.{word}" not in plan.answers:
            facts = {"column_name": money.header if money else "", "said": word, "row_count": count}
            plan.questions.append(Question(f"word.currency.{word}", "currency_word", (), facts))
    for column in plan.entity.columns:
        found = plan.columns.get(column.name)
        if found is None and plan.entity.id == "crm.deals" and column.name == "status":
            found = plan.columns.get("stage")
        if found is None or not column.one_of:
            continue
        for word, count in found.words.items():
            if plan.meaning(column, word) is None:
                facts = {"column_name": found.header, "said": word, "row_count": count}
                plan.questions.append(
                    Question(f"word.{column.name}.{word}", "word", column.one_of, facts, blocks=False)
                )


def total_questions(plan: Plan, sums: Mapping[str, str], said: Mapping[str, str]) -> list[Question]:
    """Where the file's own total of a column is not what its rows make."""
    found = []
    if not any(map(is_grand, plan.layout.totals)) or "total" in plan.answers:
        return []
    for column, own in said.items():
        if column in sums and abs(float(own)) != abs(float(sums[column])):
            facts = {"column_name": plan.columns[column].header, "said": own, "name": sums[column]}
            found.append(Question("total", "total", ("accept",), facts))
    return found[:1]


def apart(plan: Plan) -> None:
    """Asks what a column that nothing is made of tells rows apart by, where some of them may be no money."""
    if plan.entity.id not in _COUNTED:
        return
    used = {one.place for one in plan.columns.values()}
    told = set(map(tokens, synonyms()["tells_apart"]))
    for one in plan.profiles:
        words = tokens(one.header)
        if one.place in used or not 1 < len(one.words) <= _FEW_WORDS or (one.number_share == 1 and one.different > 2):
            continue
        if not any(known <= words for known in told):
            continue
        answer = plan.answers.get(f"apart.{one.header}")
        if answer is None:
            facts = {
                "column_name": one.header,
                "name": ", ".join(f"{word} ({count:,})" for word, count in one.words.items()),
            }
            plan.questions.append(Question(f"apart.{one.header}", "apart", (NONE, *one.words), facts))
        elif answer != NONE:
            plan.skipped[one.header] = [answer]
