"""What is asked of a person before a first contract may land anything: what neither the file nor an answer settles."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.exports.contracts.clues import cell_number, is_grand, is_number
from pipelines.exports.contracts.guess import SURE, Guess
from pipelines.exports.contracts.plan import MAIN_AMOUNT, NONE, Plan, Question, amounts
from pipelines.exports.contracts.profile import DAY_FIRST, MONTH_FIRST, Profile
from pipelines.exports.contracts.vocabulary import currencies, is_called, nouns, plain, synonyms, tokens
from pipelines.exports.contracts.wording import COMMON, STRIPPED
from pipelines.exports.readers.grids import quoted

# Entities whose runner-up would be other money: whether it is this one or that is asked when both fit.
_MONEY = {"billing.invoices", "billing.payments", "billing.invoice_lines", "crm.deals", "billing.orders"}
# Entities whose rows are each a sum of money that counts or does not.
_COUNTED = {
    "billing.invoices",
    "billing.payments",
    "billing.adjustments",
    "billing.orders",
    "billing.subscriptions",
    "billing.applications",
}
_CLOSE = 1.5
# So many amounts that nothing is made of are the point of a table.
_AMOUNTS_LEFT = 2
_MOST_ENTITIES = 4
_FEW_WORDS = 6


def options(profiles: list[Profile]) -> tuple[str, ...]:
    """The headers of columns that hold anything, as answers."""
    return tuple(found.header for found in profiles if found.filled and not found.header.startswith("(unnamed"))


def which_entity(plan: Plan, found: Guess) -> None:
    """What the table holds, where two entities of money fit it alike, or nothing says that it holds this money."""
    if "entity" in plan.answers:
        return
    best = found.entity.id
    likely = [other.entity.id for other in found.others]
    close = [other.entity.id for other in found.others if found.score - other.score < _CLOSE]
    options: list[str] = []
    if {best, *close[:1]} & _MONEY:
        options = close[:1]
    if not options and best in _COUNTED | _MONEY and best != "crm.deals" and not _is_named(plan, best):
        options = likely[: _MOST_ENTITIES - 1]
    ends = any(plain(re.sub(r"[0-9]", " ", plan.table_name)).endswith(noun) for noun in nouns(best))
    if not options and best not in _COUNTED | _MONEY and _unused_amounts(plan) and not ends:
        options = [name for name in likely if name in _COUNTED | _MONEY][: _MOST_ENTITIES - 1]
    if options:
        offered = (best, *options)
        plan.questions.append(Question("entity", "entity", offered, {"name": ", ".join(offered)}))


def _is_named(plan: Plan, entity_id: str) -> bool:
    """Whether the table's name or one of its headers calls its rows so."""
    return any(is_called(entity_id, text) for text in (plan.table_name, *(one.called for one in plan.profiles)))


def _unused_amounts(plan: Plan) -> bool:
    """Whether the table has amounts to the cent that an entity without money leaves out."""
    used = {one.place for one in plan.columns.values()}
    left = [one for one in amounts(plan.profiles) if one.place not in used and one.marked and one.filled == one.rows]
    return len(left) >= _AMOUNTS_LEFT


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
    if main is None or chosen is None or f"column.{main}" in plan.answers:
        return
    strength = found.strengths.get(main, 0.0)
    taken = {mapped.place for name, mapped in plan.columns.items() if name != main}
    others = [other for other in amounts(plan.profiles) if other.place not in taken and other is not chosen]
    # A column of the same amounts is no other answer.
    rivals = [other for other in others if _differs(plan, chosen, other)]
    named = [other for other in found.rivals.get(main, []) if other in rivals]
    wholes = [other for other in rivals if _may_be_the_whole(other)]
    sure = strength >= COMMON * STRIPPED or (strength >= SURE and not rivals)
    if main == "open_amount":
        # An order's total is what is open of it only while nothing of it was delivered or billed.
        sure = _is_open(chosen)
    told = sure and not (named and _weight(found, main, named[0]) >= strength - 0.4)
    if wholes or not (told or main in found.confirmed):
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


def _may_be_the_whole(other: Profile) -> bool:
    """Whether a header says no more than that it is a total of the document, such as one that is rounded."""
    return tokens(other.called) <= set(synonyms()["wholes"])


def _differs(plan: Plan, chosen: Profile, other: Profile) -> bool:
    """Whether two columns of amounts are not the same in some row."""
    one, two = (cell_number(found, "DOUBLE") for found in (chosen, other))
    rows = plan.table.connection.execute(f"select count(*) from grid where abs({one} - {two}) > 0.005").fetchall()
    return int(rows[0][0]) > 0


def what_is_open(plan: Plan) -> None:
    """Which column is what is open of a document, where the one that is called so is not the rest of the whole."""
    whole, left = plan.columns.get("gross_amount"), plan.columns.get("reported_balance")
    if left is None or "column.reported_balance" in plan.answers:
        return
    if whole is None:
        if "gross_amount" not in plan.added and not _is_open(left):
            facts = {"column_name": "reported_balance", "name": left.header}
            plan.questions.append(
                Question("column.reported_balance", "amount", (*options(amounts(plan.profiles)), NONE), facts)
            )
        return
    against = _against(plan, whole, left)
    if against:
        free = [one for one in amounts(plan.profiles) if one is not whole]
        counts: dict[str, object] = {"column_name": left.header, "row_count": against}
        plan.questions.append(Question("column.reported_balance", "balance", (*options(free), NONE), counts))


def _is_open(found: Profile) -> bool:
    """Whether a header says that an amount is what is left."""
    return bool(tokens(found.called) & set(synonyms()["left"]))


def _against(plan: Plan, whole: Profile, left: Profile) -> int:
    """The rows that say that a column is not what is open: more than the whole, all of it though paid, not the rest."""
    gross, balance = (cell_number(one, "DOUBLE") for one in (whole, left))
    tests = [f"abs({balance}) > abs({gross}) + 0.011"]
    if settled := plan.columns.get("settled_on"):
        tests.append(f"trim(c{settled.place}) != '' and abs({balance}) > 0.011")
    if status := plan.columns.get("status"):
        said = set(map(plain, synonyms()["settled"]))
        words = [quoted(word) for word in status.words if plain(word) in said]
        tests += [f"trim(c{status.place}) in ({', '.join(words)}) and abs({balance}) > 0.011"] * bool(words)
    names = {tokens(word) for word in synonyms()["paid"]}
    for one in plan.profiles:
        if is_number(one) and one.filled == one.rows and tokens(one.called) in names and one is not left:
            paid = cell_number(one, "DOUBLE")
            # Credit may have settled the rest, but where neither of them makes the whole it is another amount.
            tests.append(f"abs({paid}) > 0.011 and abs({paid} + {balance} - {gross}) > 0.011")
    query = f"select count(*) filter (where {' or '.join(f'({test})' for test in tests)}) from grid"
    return int(plan.table.connection.execute(query).fetchall()[0][0])


def signs(plan: Plan) -> None:
    """What a minus means: a credit note among invoices; elsewhere it is asked."""
    amount = plan.columns.get("quantity") if plan.entity.id == "billing.invoice_lines" else plan.main
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
    """The kind that every row is of, where none says its own: as the table is called, or an invoice."""
    names = {column.name for column in plan.entity.columns}
    if "document_kind" not in names - plan.columns.keys() or plan.signed:
        return
    column = plan.entity.column("document_kind")
    words = plain(re.sub(r"[0-9]", " ", plan.table_name)).split()
    said = [" ".join(words[at : at + count]) for count in (2, 1) for at in range(len(words))]
    kinds = [kind for text in said for one in (text, text.removesuffix("s")) if (kind := plan.meaning(column, one))]
    plan.values["document_kind"] = kinds[0] if kinds else "invoice"
    plan.why["document_kind"] = "the table's name says so" if kinds else "every row is an invoice"


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
    billed = plan.entity.domain == "billing"
    if money and (records or billed) and all(found.whole == found.filled for found in money):
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
                blocks = bool(column.unknown) and _is_taken(plan, found, word)
                plan.questions.append(Question(f"word.{column.name}.{word}", "word", column.one_of, facts, blocks))


def _is_taken(plan: Plan, found: Profile, word: str) -> bool:
    """Whether a row's probability would make won or lost of a stage that nobody knows (`unknown` in entities.yml)."""
    sure = plan.columns.get("probability")
    if sure is None:
        return False
    query = f"select count(*) from grid where trim(c{found.place}) = ? and {cell_number(sure, 'DOUBLE')} in (0, 1, 100)"
    return int(plan.table.connection.execute(query, [word]).fetchall()[0][0]) > 0


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


def tax_included(plan: Plan, gross: Profile, tax: Profile) -> str:
    """Whether an amount beside a tax has it in it: as answered, as its header says, or asked for (then empty)."""
    bare = tokens(gross.called) - {"invoice", "document"} <= set(synonyms()["bare_amounts"])
    if "tax" in plan.answers or not bare or any(found.third == gross.place for found in plan.sums):
        return plan.answers.get("tax", "included")
    facts = {"column_name": gross.header, "name": tax.header}
    plan.questions.append(Question("tax", "tax", ("included", "added"), facts))
    return ""


def apart(plan: Plan) -> None:
    """Asks what a column that nothing is made of tells rows apart by, where some of them may be no money."""
    if plan.entity.id not in _COUNTED:
        return
    used = {one.place for one in plan.columns.values()}
    told = set(map(tokens, synonyms()["tells_apart"]))
    for one in plan.profiles:
        if one.place in used or (one.number_share == 1 and one.different > 2):
            continue
        words = list(one.words) if 1 < len(one.words) <= _FEW_WORDS else []
        if not any(known <= tokens(one.called) for known in told):
            words = _void(plan, one)
        if not words:
            continue
        answer = plan.answers.get(f"apart.{one.header}")
        if answer is None:
            said = ", ".join(f"{word} ({one.words[word]:,})" for word in words)
            facts = {"column_name": one.header, "name": said}
            plan.questions.append(Question(f"apart.{one.header}", "apart", (NONE, *words), facts))
        elif answer != NONE:
            plan.skipped[one.header] = answer.split("\n")


def _void(plan: Plan, found: Profile) -> list[str]:
    """A column's texts that begin with a word for what is void: `Voided - wrong customer`."""
    if not any(column.name == "status" and "void" in column.one_of for column in plan.entity.columns):
        return []
    first = {text: plain(text).split()[:1] for text in found.words}
    return [
        text
        for text, words in first.items()
        if words and plan.vocabulary.means(plan.entity.id, "status", words[0]) == "void"
    ][:_FEW_WORDS]
