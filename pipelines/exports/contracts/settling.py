"""Settles what a first contract says: answers over guesses, the key, what is added up, shared, joined or constant."""

from __future__ import annotations

import re

from pipelines.exports.contracts import asking
from pipelines.exports.contracts.clues import cell_number, repeats
from pipelines.exports.contracts.guess import Guess, known_share
from pipelines.exports.contracts.plan import MAIN_AMOUNT, NONE, Plan, Question, amounts
from pipelines.exports.contracts.profile import Profile
from pipelines.exports.contracts.vocabulary import tokens

# What no other export names a row of may be told by its contents; a document is named by the payments of another file.
_NEEDS_A_KEY = {"billing.invoices"}
_TIMES = frozenset(["time", "время", "tid", "uhrzeit", "zeit", "klockslag"])
_DAYS = frozenset(["date", "day", "дата", "datum", "dag", "tag"])


def settle(plan: Plan, found: Guess) -> Plan:
    """Puts answers over guesses and asks what is left."""
    _answered_columns(plan)
    _title_rows(plan)
    asking.which_entity(plan, found)
    _keys(plan, found)
    _whole_amount(plan, found)
    _shared(plan)
    _only_ones(plan)
    _dates_and_times(plan)
    _values(plan)
    asking.needs(plan)
    asking.which_amount(plan, found)
    asking.what_is_open(plan)
    asking.signs(plan)
    asking.formats(plan)
    asking.words(plan)
    asking.apart(plan)
    return plan


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
        plan.columns[link] = Profile(
            plan.group, -1, filled=len(texts), rows=len(texts), different=len(set(texts)), samples=texts[:3]
        )


def _keys(plan: Plan, found: Guess) -> None:
    entity, key = plan.entity, plan.entity.key[0]
    single = len(entity.key) == 1
    if (
        single
        and key not in plan.columns
        and "name" in plan.columns
        and entity.id in ("crm.accounts", "billing.customers")
    ):
        # An export that gives its records no id calls them by their name, in this file as in the others.
        plan.columns[key] = plan.columns["name"]
    elif entity.id in ("crm.accounts", "billing.customers") and key in plan.columns:
        called = plan.columns[key]
        by_words = found.weights.get(("name", called.place), 0.0) > found.strengths.get("name", 0.0)
        if ("name" not in plan.columns or by_words) and not _like_an_id(called) and "column.name" not in plan.answers:
            plan.columns["name"] = called
    if single and key not in plan.columns and "number" in plan.columns:
        plan.columns[key] = plan.columns["number"]
    if single and key not in plan.columns and f"column.{key}" not in plan.answers:
        used = {one.place for one in plan.columns.values()}
        # One column alone is different in every row and written as numbers of documents are.
        alone = [one for one in plan.profiles if one.place not in used and one.is_key and _like_an_id(one)]
        if len(alone) == 1:
            plan.columns[key] = alone[0]
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
                Question(
                    "lines",
                    "lines",
                    ("sum", NONE),
                    {"column_name": mapped.header, "row_count": mapped.rows - mapped.different},
                )
            )
        elif mapped.filled < mapped.rows or mapped.different < 0.98 * mapped.rows:
            del plan.columns[key]
    missing = [name for name in entity.key if name not in plan.columns]
    if missing:
        plan.made_key = missing[0]
        if entity.id in _NEEDS_A_KEY and plan.answers.get(f"column.{key}") != NONE:
            plan.questions.append(
                Question(f"column.{key}", "key", (*asking.options(plan.profiles), NONE), {"column_name": key})
            )
    # What other exports call a document by is its id: the number is both.
    if "number" in {column.name for column in entity.columns} - plan.columns.keys() and key in plan.columns:
        plan.columns["number"] = plan.columns[key]
    names = [column.name for column in entity.columns]
    plan.columns = {column: plan.columns[column] for column in names if column in plan.columns}


def _like_an_id(found: Profile) -> bool:
    """Whether a column's values are short texts with digits, and no dates, amounts, addresses or phone numbers."""
    texts = all(re.fullmatch(r"[\w./#-]*\d[\w./#-]*", sample) and len(sample) <= 40 for sample in found.samples)
    others = (found.emails, found.phones, found.clocks, found.marked)
    return found.rows > 2 and texts and found.date_share == 0 and not any(others)


def _head_columns(plan: Plan) -> list[str]:
    """What is the same in all rows of a document: its dates and amounts."""
    typed = {column.name: column.type for column in plan.entity.columns}
    wanted = [name for name in plan.columns if typed[name] in ("date", "money") and name not in plan.entity.key]
    main = MAIN_AMOUNT.get(plan.entity.id)
    return [name for name in wanted if main not in plan.columns or name in (*plan.needs, main)] or wanted


def _whole_amount(plan: Plan, found: Guess) -> None:
    """A gross amount that no column gives is what net and tax add up to."""
    names = {column.name for column in plan.entity.columns}
    net, tax, gross = (plan.columns.get(name) for name in ("net_amount", "tax_amount", "gross_amount"))
    if net and gross and (tax is None or not _adds_up(plan, net, tax, gross)):
        # Parts that do not make the whole are something else, such as a sum before discounts.
        plan.columns = {
            name: one
            for name, one in plan.columns.items()
            if name not in ("net_amount", "tax_amount") or f"column.{name}" in plan.answers
        }
    elif tax and gross and not net:
        told = asking.tax_included(plan, gross, tax)
        if told == "added":
            plan.columns["net_amount"] = plan.columns.pop("gross_amount")
        elif not told:
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
    off = plan.table.connection.execute(
        f"select count(*) from grid where abs({n} + coalesce({t}, 0) - {g}) > 0.011"
    ).fetchall()
    return int(off[0][0]) == 0


def _told_state(plan: Plan) -> None:
    """A deal's state from a column whose words all say one, where some of its stages are nobody's words.

    It has to say won or lost somewhere, and what every stage says that is known.
    """
    stage = plan.columns.get("stage")
    if stage is None or plan.columns.get("status") not in (None, stage) or "column.status" in plan.answers:
        return
    column = plan.entity.column("status")
    if all(plan.meaning(column, word) for word in stage.words):
        return
    for one in plan.profiles:
        said = {word: plan.vocabulary.means(plan.entity.id, "status", word) for word in one.words}
        if one is stage or not all(said.values()) or not {"won", "lost"} & set(said.values()):
            continue
        if not _contradicting(plan, stage, one):
            plan.columns["status"] = one
            return


def _contradicting(plan: Plan, stage: Profile, status: Profile) -> int:
    """In how many rows a stage and a state say different things of a deal, both in words that are known."""
    column = plan.entity.column("status")
    pairs = plan.table.connection.execute(
        f"select trim(c{stage.place}), trim(c{status.place}), count(*) from grid group by all"
    ).fetchall()
    meant = [(plan.meaning(column, one or ""), plan.meaning(column, other or ""), rows) for one, other, rows in pairs]
    return sum(rows for one, other, rows in meant if one and other and one != other)


def _shared(plan: Plan) -> None:
    """What one header says of a deal twice: its stage is its status too, its close date the day on which it closed."""
    if not plan.entity.id.startswith("crm.deal"):
        return
    names = {column.name for column in plan.entity.columns}
    if "stage" in names - plan.columns.keys() and "status" in plan.columns and plan.answers.get("column.stage") is None:
        plan.columns["stage"] = plan.columns["status"]
    if {"stage", "status"} <= plan.columns.keys() and plan.columns["stage"] is not plan.columns["status"]:
        column = plan.entity.column("status")
        by_stage, by_status = (
            known_share(column, plan.entity, plan.columns[name], plan.vocabulary) for name in ("stage", "status")
        )
        against = _contradicting(plan, plan.columns["stage"], plan.columns["status"])
        if against and "column.status" not in plan.answers:
            headers = (plan.columns["stage"].header, plan.columns["status"].header)
            facts = {"column_name": headers[0], "name": headers[1], "row_count": against}
            plan.questions.append(Question("column.status", "state", headers, facts))
        elif by_stage > by_status and "column.status" not in plan.answers:
            del plan.columns["status"]
    if plan.entity.id == "crm.deals":
        _told_state(plan)
    expected = plan.columns.get("expected_close_on")
    has_status = "status" in plan.columns or "stage" in plan.columns
    if (
        "closed_at" in names - plan.columns.keys()
        and expected is not None
        and has_status
        and "column.closed_at" not in plan.answers
    ):
        words = tokens(expected.called)
        if words & {"close", "closed", "closing", "abschluss", "abschlussdatum"} and not words & {
            "expected",
            "forecast",
        }:
            plan.columns["closed_at"] = expected
            plan.when["closed_at"] = {"status": ["won", "lost"]}
    plan.columns = {name: plan.columns[name] for name in (c.name for c in plan.entity.columns) if name in plan.columns}


def _dates_and_times(plan: Plan) -> None:
    """A day and a time of day in two columns are one moment."""
    used = {one.place for one in plan.columns.values()}
    times = [
        one
        for one in plan.profiles
        if one.place not in used and one.filled and tokens(one.called) & _TIMES and one.times == one.filled
    ]
    for column in plan.entity.columns:
        day = plan.columns.get(column.name)
        if column.type != "timestamp" or day is None or not day.filled or day.timed:
            continue
        about = tokens(day.called) - _DAYS
        fitting = [one for one in times if tokens(one.called) - _TIMES == about]
        if len(fitting) == 1:
            plan.joined[column.name] = [day, fitting[0]]


def _only_ones(plan: Plan) -> None:
    """A need that only one column of the table can meet: its one date, its one amount."""
    for need in plan.needs:
        if need in plan.columns or need in plan.joined or need in plan.added or f"column.{need}" in plan.answers:
            continue
        kind = plan.entity.column(need).type
        if kind in ("date", "timestamp"):
            fitting = [
                one
                for one in plan.profiles
                if one.filled == one.rows and (one.date_share >= 0.95 or one.unix == one.filled)
            ]
        elif kind == "money":
            fitting = amounts(plan.profiles)
        else:
            continue
        used = {one.place for name, one in plan.columns.items() if name != need}
        # Of several dates the one that nothing else is, if it is called a date and no more than that is known of it.
        free = [one for one in fitting if one.place not in used]
        named = [one for one in free if tokens(one.called) & _DAYS]
        fitting = named if len(free) == len(named) == 1 else fitting
        if len(fitting) == 1:
            plan.columns = {
                name: one for name, one in plan.columns.items() if one is not fitting[0] or name in plan.needs
            }
            plan.columns[need] = fitting[0]


def _values(plan: Plan) -> None:
    names = {column.name for column in plan.entity.columns}
    if "activity_type" in names - plan.columns.keys() and plan.activity:
        plan.values["activity_type"], plan.why["activity_type"] = plan.activity, "the table's name says so"
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
