"""What a first contract will say of a table, and what has to be asked before it may: guesses and answers together.

`guess.py` finds the entity and its columns; here a person's answers go over them, the key, the signs, the units and the
orders are settled, and what neither the file nor an answer settles becomes a question. `writing.py` writes it down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.exports.contracts.clues import Layout, Sum, cell_number, is_grand, is_number, repeats
from pipelines.exports.contracts.guess import COMMON, STRIPPED, SURE, Guess, amounts, currencies, known_share, needs_of
from pipelines.exports.contracts.profile import DAY_FIRST, MONTH_FIRST, Profile
from pipelines.exports.contracts.vocabulary import Vocabulary, synonyms, tokens
from pipelines.exports.entities import Column, Entity
from pipelines.exports.landing.reading import TextTable

# What no other export names a row of may be told by its contents; a document is named by the payments of another file.
_NEEDS_A_KEY = {"billing.invoices"}
# The column of an entity that all its money hangs on.
_MAIN_AMOUNT = {"billing.invoices": "gross_amount", "billing.payments": "amount", "billing.orders": "open_amount"}
_OPEN = frozenset("open remaining outstanding unbilled offen kvar остаток".split())
# Entities whose runner-up would be other money: whether it is this one or that is asked when both fit.
_MONEY = {"billing.invoices", "billing.payments", "billing.invoice_lines", "crm.deals", "billing.orders"}
# Entities whose rows are each a sum of money that counts or does not.
_COUNTED = {"billing.invoices", "billing.payments", "billing.adjustments", "billing.orders"}
_CLOSE = 1.5
NONE = "none"
_FEW_WORDS = 6
_TIMES = frozenset("time время tid uhrzeit zeit klockslag".split())
_DAYS = frozenset("date day дата datum dag tag".split())


@dataclass(frozen=True)
class Question:
    """What is asked of a person: by its id an answer is given, `options` are the answers that there are.

    The words are of the group `draft_question`, by `code`, with `facts`. One that blocks holds the contract's files.
    """

    id: str
    code: str
    options: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    blocks: bool = True


@dataclass
class Plan:
    """All that the contract says, settled as far as file and answers settle it."""

    table: TextTable
    entity: Entity
    profiles: list[Profile]
    layout: Layout
    vocabulary: Vocabulary
    answers: Mapping[str, str]
    name: str
    columns: dict[str, Profile]
    joined: dict[str, list[Profile]]
    added: dict[str, list[Profile]] = field(default_factory=dict)
    multiplied: dict[str, list[Profile]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    # Rows that a person says do not count: header -> words.
    skipped: dict[str, list[str]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    made_key: str | None = None
    one_row_per: str = ""
    totalled: set[str] = field(default_factory=set)
    # A column that counts only where others have these words.
    when: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    # What the table's name says its activities are, and which sums hold in its rows.
    activity: str | None = None
    sums: list[Sum] = field(default_factory=list)
    signed: bool = False
    minor: bool = False
    group: str = ""
    group_when: str = ""
    questions: list[Question] = field(default_factory=list)

    @property
    def needs(self) -> list[str]:
        """What a row means nothing without."""
        return needs_of(self.entity)

    @property
    def title(self) -> str:
        """What people call the export."""
        return self.answers.get("title") or self.name.replace("_", " ").capitalize()

    @property
    def system(self) -> str:
        """The source system: as answered, or the first word of the file's name."""
        return self.answers.get("system") or self.name.split("_")[0]

    @property
    def export(self) -> str:
        """Whether a newer file holds everything, as answered."""
        return self.answers.get("export", "")

    @property
    def decimal(self) -> str:
        """The decimal mark as answered."""
        return self.answers.get("decimal", "")

    @property
    def date_order(self) -> str:
        """The order of day and month as answered."""
        return self.answers.get("date_order", "")

    @property
    def hundredths(self) -> dict[str, str]:
        """How amounts in hundredths are read; some currencies have none."""
        currency = self.columns.get("currency")
        return {"unit": "minor"} | ({"currency_column": currency.header} if currency else {})

    @property
    def kinds(self) -> dict[str, str]:
        """What the words of the document kind mean."""
        found = self.columns.get("document_kind")
        if found is None:
            return {}
        column = self.entity.column("document_kind")
        return {word: ours for word in found.words if (ours := self.meaning(column, word))}

    def meaning(self, column: Column, word: str) -> str | None:
        """What a word in a column with a vocabulary is: as answered, or as some contract knows it."""
        return self.answers.get(f"word.{column.name}.{word}") or self.vocabulary.means(self.entity.id, column.name, word)

    def _typed(self, *types: str) -> list[Profile]:
        typed = {column.name: column.type for column in self.entity.columns}
        return [found for name, found in self.columns.items() if typed[name] in types]

    @property
    def moments(self) -> list[Profile]:
        """The mapped columns of dates and times that hold any."""
        return [found for found in self._typed("date", "timestamp") if found.filled and found.unix < found.filled]

    @property
    def orders(self) -> tuple[dict[str, list[str]], dict[str, int]]:
        """The patterns of each order that occur, and how many values each order leaves unread."""
        patterns: dict[str, list[str]] = {DAY_FIRST: [], MONTH_FIRST: [], "": []}
        for found in self.moments:
            for pattern, (order, _) in found.dates.items():
                joined = any(found in parts for parts in self.joined.values())
                timed = [f"{pattern} %H:%M:%S", f"{pattern} %H:%M"] if joined else [pattern]
                patterns[order] = list(dict.fromkeys([*patterns[order], *timed]))
        unread = {order: sum(found.unread.get(order, 0) for found in self.moments) for order in (DAY_FIRST, MONTH_FIRST)}
        return patterns, unread

    @property
    def both_orders(self) -> bool:
        """Whether nothing in the file tells which of day and month comes first."""
        patterns, unread = self.orders
        return bool(patterns[DAY_FIRST] and patterns[MONTH_FIRST] and unread[DAY_FIRST] == unread[MONTH_FIRST])

    @property
    def marks(self) -> tuple[list[Profile], int, int]:
        """The mapped columns of numbers, and how many values read with a decimal point and with a comma."""
        numeric = [found for found in self._typed("money", "price", "rate", "ratio", "quantity", "seconds", "integer") if found.filled]
        if any(found.marked for found in numeric):
            # The other numbers of the file are written the same way.
            numeric += [found for found in self.profiles if is_number(found) and found.marked and found not in numeric]
        points, commas = (sum(found.numbers.get(mark, 0) for found in numeric) for mark in ".,")
        return numeric, points, commas


def settle(plan: Plan, found: Guess) -> Plan:
    """Puts answers over guesses and asks what is left."""
    _answered_columns(plan)
    _title_rows(plan)
    _entity(plan, found)
    _keys(plan, found)
    _whole_amount(plan, found)
    _shared(plan)
    _only_ones(plan)
    _dates_and_times(plan)
    _values(plan)
    _needs(plan)
    _amount(plan, found)
    _signs(plan)
    _formats(plan)
    _words(plan)
    _apart(plan)
    return plan


def _options(profiles: list[Profile]) -> tuple[str, ...]:
    return tuple(found.header for found in profiles if found.filled and not found.header.startswith("(unnamed"))


def _answered_columns(plan: Plan) -> None:
    by_header = {found.header: found for found in plan.profiles}
    for column in plan.entity.columns:
        answer = plan.answers.get(f"column.{column.name}")
        if answer is None:
            continue
        plan.joined.pop(column.name, None)
        plan.columns.pop(column.name, None)
        if answer in by_header:
            plan.columns[column.name] = by_header[answer]


def _title_rows(plan: Plan) -> None:
    """Titles above groups of rows are the customer where no column is."""
    link = next((column.name for column in plan.entity.columns if column.name in ("customer_id", "account_id")), None)
    if not plan.layout.titles or link is None or link in plan.entity.key:
        return
    when = next((plan.columns[name].header for name in plan.needs if name in plan.columns), None)
    if link not in plan.columns and when:
        plan.group, plan.group_when = "Title above", when
        texts = [title.text for title in plan.layout.titles]
        plan.columns[link] = Profile(plan.group, -1, filled=len(texts), rows=len(texts), different=len(set(texts)), samples=texts[:3])


def _entity(plan: Plan, found: Guess) -> None:
    other = found.runner_up
    if "entity" in plan.answers or other is None or found.score - other.score >= _CLOSE:
        return
    if {found.entity.id, other.entity.id} & _MONEY:
        pair = (found.entity.id, other.entity.id)
        plan.questions.append(Question("entity", "entity", pair, {"name": ", ".join(pair)}))


def _keys(plan: Plan, found: Guess) -> None:
    entity, key = plan.entity, plan.entity.key[0]
    single = len(entity.key) == 1
    if single and key not in plan.columns and "name" in plan.columns and entity.id in ("crm.accounts", "billing.customers"):
        # An export that gives its records no id calls them by their name, in this file as in the others.
        plan.columns[key] = plan.columns["name"]
    if single and key not in plan.columns and "number" in plan.columns:
        plan.columns[key] = plan.columns["number"]
    mapped = plan.columns.get(key)
    if single and mapped is not None and not mapped.is_key:
        heads = [plan.columns[name] for name in _head_columns(plan)]
        if repeats(plan.table.connection, mapped, heads):
            plan.one_row_per = mapped.header
        elif plan.answers.get("lines") == "sum":
            plan.one_row_per = mapped.header
            plan.totalled = {c.name for c in entity.columns if c.type == "money" and c.name in plan.columns}
        elif entity.id in _NEEDS_A_KEY:
            plan.questions.append(
                Question("lines", "lines", ("sum", NONE), {"column_name": mapped.header, "row_count": mapped.rows - mapped.different})
            )
        elif mapped.filled < mapped.rows or mapped.different < 0.98 * mapped.rows:
            del plan.columns[key]
    missing = [name for name in entity.key if name not in plan.columns]
    if missing:
        plan.made_key = missing[0]
        if entity.id in _NEEDS_A_KEY and plan.answers.get(f"column.{key}") != NONE:
            plan.questions.append(Question(f"column.{key}", "key", (*_options(plan.profiles), NONE), {"column_name": key}))
    # What other exports call a document by is its id: the number is both.
    if "number" in {column.name for column in entity.columns} - plan.columns.keys() and key in plan.columns:
        plan.columns["number"] = plan.columns[key]
    names = [column.name for column in entity.columns]
    plan.columns = {column: plan.columns[column] for column in names if column in plan.columns}


def _head_columns(plan: Plan) -> list[str]:
    """What is the same in all rows of a document: its dates and amounts."""
    typed = {column.name: column.type for column in plan.entity.columns}
    wanted = [name for name in plan.columns if typed[name] in ("date", "money") and name not in plan.entity.key]
    main = _MAIN_AMOUNT.get(plan.entity.id)
    return [name for name in wanted if not main or name in (*plan.needs, main)] or wanted


def _whole_amount(plan: Plan, found: Guess) -> None:
    """A gross amount that no column gives is what net and tax add up to."""
    names = {column.name for column in plan.entity.columns}
    net, tax, gross = (plan.columns.get(name) for name in ("net_amount", "tax_amount", "gross_amount"))
    if net and gross and (tax is None or not _adds_up(plan, net, tax, gross)):
        # Parts that do not make the whole are something else, such as a sum before discounts.
        plan.columns = {
            name: one for name, one in plan.columns.items() if name not in ("net_amount", "tax_amount") or f"column.{name}" in plan.answers
        }
    elif tax and gross and not net:
        plan.columns.pop("tax_amount")
    lines = [plan.columns.get(name) for name in ("quantity", "unit_price")]
    if "net_amount" in names - plan.columns.keys() and all(lines) and "column.net_amount" not in plan.answers:
        plan.multiplied["net_amount"] = [one for one in lines if one]
    parts = [plan.columns.get(name) for name in ("net_amount", "tax_amount")]
    if "gross_amount" in names - plan.columns.keys() and all(parts) and plan.answers.get("column.gross_amount") is None:
        plan.added["gross_amount"] = [part for part in parts if part]


def _adds_up(plan: Plan, net: Profile, tax: Profile, gross: Profile) -> bool:
    places = {net.place, tax.place}
    if any(one.third == gross.place and {one.first, one.second} == places and not one.product for one in plan.sums):
        return True
    # Rows without tax say nothing against it.
    n, t, g = (cell_number(one, "DOUBLE") for one in (net, tax, gross))
    off = plan.table.connection.execute(f"select count(*) from grid where abs({n} + coalesce({t}, 0) - {g}) > 0.011").fetchall()
    return int(off[0][0]) == 0


def _shared(plan: Plan) -> None:
    """What one header says of a deal twice: its stage is its status too, its close date the day on which it closed."""
    if not plan.entity.id.startswith("crm.deal"):
        return
    names = {column.name for column in plan.entity.columns}
    if "stage" in names - plan.columns.keys() and "status" in plan.columns and plan.answers.get("column.stage") is None:
        plan.columns["stage"] = plan.columns["status"]
    if {"stage", "status"} <= plan.columns.keys() and plan.columns["stage"] is not plan.columns["status"]:
        column = plan.entity.column("status")
        by_stage, by_status = (known_share(column, plan.entity, plan.columns[name], plan.vocabulary) for name in ("stage", "status"))
        if by_stage > by_status and "column.status" not in plan.answers:
            del plan.columns["status"]
    expected = plan.columns.get("expected_close_on")
    has_status = "status" in plan.columns or "stage" in plan.columns
    if "closed_at" in names - plan.columns.keys() and expected is not None and has_status and "column.closed_at" not in plan.answers:
        words = tokens(expected.header)
        if words & {"close", "closed", "closing", "abschluss", "abschlussdatum"} and not words & {"expected", "forecast"}:
            plan.columns["closed_at"] = expected
            plan.when["closed_at"] = {"status": ["won", "lost"]}
    plan.columns = {name: plan.columns[name] for name in (c.name for c in plan.entity.columns) if name in plan.columns}


def _dates_and_times(plan: Plan) -> None:
    """A day and a time of day in two columns are one moment."""
    used = {one.place for one in plan.columns.values()}
    times = [
        one for one in plan.profiles if one.place not in used and one.filled and one.share(one.clocks) >= 0.95 and tokens(one.header) & _TIMES
    ]
    for column in plan.entity.columns:
        day = plan.columns.get(column.name)
        if column.type != "timestamp" or day is None or not day.filled or day.timed:
            continue
        about = tokens(day.header) - _DAYS
        fitting = [one for one in times if tokens(one.header) - _TIMES == about]
        if len(fitting) == 1:
            plan.joined[column.name] = [day, fitting[0]]


def _only_ones(plan: Plan) -> None:
    """A need that only one column of the table can meet: its one date, its one amount."""
    for need in plan.needs:
        if need in plan.columns or need in plan.joined or need in plan.added or f"column.{need}" in plan.answers:
            continue
        kind = plan.entity.column(need).type
        if kind in ("date", "timestamp"):
            fitting = [one for one in plan.profiles if one.filled == one.rows and (one.date_share >= 0.95 or one.unix == one.filled)]
        elif kind == "money":
            fitting = amounts(plan.profiles)
        else:
            continue
        if len(fitting) == 1:
            plan.columns = {name: one for name, one in plan.columns.items() if one is not fitting[0] or name in plan.needs}
            plan.columns[need] = fitting[0]


def _values(plan: Plan) -> None:
    names = {column.name for column in plan.entity.columns}
    if "activity_type" in names - plan.columns.keys():
        if kind := plan.activity:
            plan.values["activity_type"], plan.why["activity_type"] = kind, "the table's name says so"
    if "currency" in names - plan.columns.keys():
        code = plan.answers.get("currency") or _header_currency(plan)
        if code:
            plan.values["currency"] = code
            plan.why["currency"] = "as answered" if "currency" in plan.answers else "from a header"
        elif any(column.type in ("money", "price") and column.name in plan.columns for column in plan.entity.columns):
            plan.questions.append(Question("currency", "currency", blocks=False))


def _header_currency(plan: Plan) -> str | None:
    for found in plan.profiles:
        code = re.search(r"[(\[ ]([A-Z]{3})[)\]]?$", found.header)
        if code and found.number_share > 0 and found.filled:
            return code[1]
    return None


def _needs(plan: Plan) -> None:
    for need in plan.needs:
        if need in {*plan.columns, *plan.joined, *plan.added, *plan.values} or plan.answers.get(f"column.{need}") == NONE:
            continue
        plan.questions.append(
            Question(f"column.{need}", "need", (*_options(plan.profiles), NONE), {"column_name": f"{plan.entity.id}.{need}"})
        )


def _amount(plan: Plan, found: Guess) -> None:
    """Whether the column that all money hangs on is the one: a word of its own, or a sum that holds, else it is asked."""
    main = _MAIN_AMOUNT.get(plan.entity.id)
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
                f"column.{main}", "amount", _options([chosen, *rivals]), {"column_name": main, "name": ", ".join(_options([chosen, *rivals]))}
            )
        )


def _weight(found: Guess, name: str, other: Profile) -> float:
    return found.weights.get((name, other.place), 0.0)


def _signs(plan: Plan) -> None:
    main = "quantity" if plan.entity.id == "billing.invoice_lines" else _MAIN_AMOUNT.get(plan.entity.id)
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


def _formats(plan: Plan) -> None:
    if plan.both_orders and not plan.date_order:
        example = next(iter(plan.moments)).samples[:1]
        plan.questions.append(Question("date_order", "date_order", (DAY_FIRST, MONTH_FIRST), {"said": (example or [""])[0]}))
    numeric, points, commas = plan.marks
    if any(found.marked for found in numeric) and points == commas and not plan.decimal:
        example = next((s for found in numeric if found.marked for s in found.samples if re.search("[.,]", s)), "")
        plan.questions.append(Question("decimal", "decimal", (".", ","), {"said": example}))
    money = [found for found in plan._typed("money", "price") if found.filled]
    records = "$" in plan.table.grid.part or any(found.unix == found.filled > 0 for found in plan.profiles)
    if money and records and all(found.whole == found.filled for found in money):
        if "units" not in plan.answers:
            example = next((sample for found in money for sample in found.samples), "")
            plan.questions.append(Question("units", "units", ("whole", "hundredths"), {"said": example}))
        plan.minor = plan.answers.get("units") == "hundredths"


def _words(plan: Plan) -> None:
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
                plan.questions.append(Question(f"word.{column.name}.{word}", "word", column.one_of, facts, blocks=False))


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


def _apart(plan: Plan) -> None:
    """Asks what a column that nothing is made of tells rows apart by, where some of them may be no money."""
    if plan.entity.id not in _COUNTED:
        return
    used = {one.place for one in plan.columns.values()}
    told = set(map(tokens, synonyms()["tells_apart"]))
    for one in plan.profiles:
        words = tokens(one.header)
        if one.place in used or not 1 < len(one.words) <= _FEW_WORDS or one.number_share == 1 and one.different > 2:
            continue
        if not any(known <= words for known in told):
            continue
        answer = plan.answers.get(f"apart.{one.header}")
        if answer is None:
            facts = {"column_name": one.header, "name": ", ".join(f"{word} ({count:,})" for word, count in one.words.items())}
            plan.questions.append(Question(f"apart.{one.header}", "apart", (NONE, *one.words), facts))
        elif answer != NONE:
            plan.skipped[one.header] = [answer]
