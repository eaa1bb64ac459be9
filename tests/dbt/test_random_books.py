"""Random companies: the models, the proof and the plain ledger say the same of them, on every day, as of several.

`COMPANIES=300 pytest tests/dbt/test_random_books.py` holds 300 instead of the few of the suite, and `SEED=7` others. What differs is told with the company's rows.
"""

from __future__ import annotations

import os
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.verification.documents import Books, named, status_of
from pipelines.verification.rows import Raw, Run
from tests.support.homes import make
from tests.support.ledger import BUCKETS, Book, Row
from tests.support.oracle import days, month_end
from tests.support.random_books import AS_OF, DEFAULT, FIRST, STRANGE, RandomBooks
from tests.support.raw_rows import files_of, write_raw
from tests.unit.test_verification_ledger import NAMES, balances, owed, parameters

COMPANIES = int(os.environ.get("COMPANIES", "30"))
# So many are one build.
TOGETHER = 150
# The suite has the last day alone.
DAYS = (AS_OF, date(2025, 1, 19), date(2024, 12, 10))[: 3 if "COMPANIES" in os.environ else 1]
Cells = dict[tuple[Any, ...], Decimal]
# In the place of an account.
TOTAL = "all"
# What is exchanged is rounded where its row is made.
APART = Decimal("0.001")
# Nobody's documents are in it, and no currency of a parameter's or a setting's default.
BASE = "CHF"
# What an account owes over its currencies, and what that is made of in each.
FIGURES = {
    "open_amount": ("open_amount",), "unapplied_amount": ("unapplied_amount",),
    "overdue_amount": tuple(name for name in BUCKETS if name.startswith("days_")),
}  # fmt: skip
# V9, with less patience than the defaults: the companies' books are five months long.
QUIET = {"lost_after_days": 100, "lost_gap_factor": 4, "paused_after_days": 40, "paused_gap_factor": 2}
IDS = ("customer_id", "invoice_id", "payment_id", "credit_note_id", "application_id", "adjustment_id")


def snapshots(day: date) -> list[date]:
    """The Sundays and month ends up to a day, and that day."""
    every = [FIRST + days(number) for number in range((day - FIRST).days + 1)]
    return [on for on in every if on.weekday() == 6 or on == month_end(on) or on == day]


def landed(batch: list[RandomBooks]) -> dict[str, list[Row]]:
    """The rows of all, and one of a later day than any: an export speaks of its own day, at the latest of the newest event's."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for company in batch:
        for entity, found in company.rows.items():
            rows[entity] += found
    rows["billing.payments"].append(
        {"_system": "later", "payment_id": "P", "received_on": date(2025, 12, 31), "amount": 1}
    )
    rows["lists.parameters"] = [{"parameter": name, "value": value} for name, value in QUIET.items()]
    return rows


def states(raw: Raw, accounts: dict[str, str]) -> Cells:
    """Each account that was ever invoiced: since how long it was not, the median gap between its invoices, its state (V9)."""
    bought: dict[str, set[date]] = defaultdict(set)
    for row in raw.rows("billing.invoices", keep_vanished=True):
        is_gone = status_of(row) in ("void", "draft") or row["vanished_on"]
        if row["issued_on"] and row["customer_id"] and not is_gone and row["document_kind"] != "credit_note":
            bought[accounts[named(row["_system"], row["customer_id"])]].add(row["issued_on"])
    found: Cells = {}
    for account, days_ in bought.items():
        quiet = (raw.run.as_of - max(days_)).days
        gaps = [(late - early).days for early, late in pairwise(sorted(days_))]
        gap = Decimal(statistics.median(gaps)) if len(days_) >= 3 else Decimal(0)
        late = [
            name for name in ("lost", "paused")
            if quiet > max(QUIET[f"{name}_after_days"], QUIET[f"{name}_gap_factor"] * gap)
        ]  # fmt: skip
        said = {"days quiet": Decimal(quiet), "usual gap": gap, (late or ["active"])[0]: Decimal(1)}
        found |= {(name, raw.run.as_of, account): amount for name, amount in said.items() if amount}
    return found


def figure(name: str, on: date, whose: str, amount: Decimal | None, unknown: int = 0) -> Cells:
    """A figure in the base currency as cells: what is known of it, that it is not known, and how many parts are not."""
    said = {"": amount or Decimal(0), " unknown": Decimal(amount is None), " unknown parts": Decimal(unknown)}
    return {(f"{name} in base{suffix}", on, whose): value for suffix, value in said.items() if value}


def came_in(collected: Mapping[tuple[Any, ...], Decimal | int | None]) -> Cells:
    """What came in by month and currency as cells: what is known of it, and of which months it is not."""
    known = {("collected", *key): Decimal(amount) for key, amount in collected.items() if amount}
    return known | {("collected unknown", *key): Decimal(1) for key, amount in collected.items() if amount is None}


def built(batch: list[RandomBooks], home: Path, day: date) -> tuple[Cells, Raw, dict[str, str]]:
    """What the models say: balances of every snapshot, cash of every month; and what the proof reads."""
    write_raw(home, landed(batch), as_of_date=day, base_currency=BASE)
    cells: Cells = {}
    models = ["rpt_receivable_kpis", "rpt_receivable_aging", "fct_account_balances", "fct_account_states"]
    with duckdb.connect(str(make(home, models)), read_only=True) as warehouse:
        query = f"select as_of_date, account_id, currency, {', '.join(NAMES)} from reporting.rpt_receivable_aging"
        for on, account, currency, *amounts in warehouse.execute(query).fetchall():
            cells |= {
                (name, on, account, currency): amount for name, amount in zip(NAMES, amounts, strict=True) if amount
            }
        query = "select month, currency, collected from reporting.rpt_receivable_kpis where not is_total"
        cells |= came_in({tuple(key): amount for *key, amount in warehouse.execute(query).fetchall()})
        for name in FIGURES:
            query = f"""select as_of_date, account_id, {name}, unknown_{name.removesuffix("amount")}count, base_currency
                from marts.fct_account_balances"""
            for on, account, amount, unknown, base in warehouse.execute(query).fetchall():
                assert base == BASE
                cells |= figure(name, on, account, amount, unknown)
        query = f"select as_of_date, {', '.join(FIGURES)}, collected, money_currency from reporting.rpt_receivable_kpis where is_total"
        for on, *amounts, currency in warehouse.execute(query).fetchall():
            assert currency == BASE
            for name, amount in zip((*FIGURES, "collected"), amounts, strict=True):
                cells |= figure(name, on, TOTAL, amount)
        # What names no customer is nobody's, and has no state: a customer's are asked for by `states`.
        query = """select account_id, status, days_quiet, invoice_gap_days from marts.fct_account_states
            where status is not null"""
        for account, status, quiet, gap in warehouse.execute(query).fetchall():
            told = {status: 1, "days quiet": quiet, "usual gap": gap or 0}
            cells |= {(name, day, account): Decimal(amount) for name, amount in told.items() if amount}
        accounts = warehouse.execute(
            "select system || ':' || native_id, account_id from intermediate.int_account_identities "
            "where kind = 'billing_customer'"
        ).fetchall()
    folder = home / "warehouse" / "raw"
    return cells, Raw(folder, Run(day, BASE, DEFAULT, "UTC", "SE", 31), parameters(), files_of(folder)), dict(accounts)


def in_base(company: RandomBooks, cells: Cells) -> Cells:
    """What an account owes over its currencies, each at the day's rate, if there is one, and rounded by itself."""
    parts: dict[tuple[str, date, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for name, made_of in FIGURES.items():
        for part, on, *account, currency in cells:
            if part in made_of and account:
                parts[name, on, account[0]][currency] += cells[part, on, account[0], currency]
    found: Cells = {}
    for (name, on, account), amounts in parts.items():
        rates = {currency: company.rate(currency, on) for currency, amount in amounts.items() if amount}
        known = [
            (amounts[currency] * rate).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            for currency, rate in rates.items()
            if rate
        ]
        unknown = len(rates) - len(known)
        found |= figure(name, on, account, None if unknown and not sum(known) else sum(known, Decimal(0)), unknown)
    return found


def totals(batch: list[RandomBooks], cells: Cells, books: Books, day: date) -> Cells:
    """What all companies owe at each month's end and on the day, and what a month collected, at the rates of their days.

    Unknown is the one where a payment of no known day may have come by then, the other where it may have come in the month.
    """
    owner = {currency: company for company in batch for currency in company.currencies}
    parts: dict[tuple[str, date], dict[tuple[str, date], Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    ends = {on for on in snapshots(day) if on in (month_end(on), day)}
    for name, made_of in FIGURES.items():
        for part, on, *account, currency in cells:
            if part in made_of and account and on in ends:
                parts[name, on][currency, on] += cells[part, on, account[0], currency]
    for _, currency, on, amount in books.cash:
        if on <= day and currency in owner:
            parts["collected", min(month_end(on), day)][currency, on] += amount
    undated = [(since, until) for currency, since, until in books.undated if currency in owner]
    unsure = {on for on in ends if any(since <= on < until for since, until in undated)}
    found: Cells = {}
    for name, end in product((*FIGURES, "collected"), sorted(ends)):
        amounts = parts[name, end]
        if end in unsure or (name == "collected" and end.replace(day=1) - days(1) in unsure):
            found |= figure(name, end, TOTAL, None)
            continue
        rates = {place: owner[place[0]].rate(*place) for place, amount in amounts.items() if amount}
        known = [amounts[place] * rate for place, rate in rates.items() if rate]
        found |= figure(
            name, end, TOTAL, None if len(known) < len(rates) and not sum(known) else sum(known, Decimal(0))
        )
    return found


def proven(raw: Raw, accounts: dict[str, str]) -> tuple[Cells, Books]:
    """What the proof says, and the books that it says it of."""
    whole, books = owed(raw, accounts)
    cells: Cells = {}
    for on in snapshots(raw.run.as_of):
        for name, found in balances(books, on).items():
            if name in NAMES:
                cells |= {(name, on, *key): amount for key, amount in found.items() if amount}
    return cells | came_in(whole.collected()), books


def plain(company: RandomBooks, day: date) -> Cells:
    """What the plain ledger says: of each currency by itself, ids with their system before them."""
    cells: Cells = {}
    system = company.name
    for currency in company.currencies:
        book = Book(system, merged(company, currency), day)
        for on in snapshots(day):
            for account, row in book.balances(on).items():
                whose = account.replace(f"{system}:", system, 1)
                cells |= {(name, on, whose, currency): row[name] for name in NAMES if row.get(name)}
        months: dict[date, Decimal] = defaultdict(Decimal)
        for on, amount in book.flows["collected"]:
            months[on.replace(day=1)] += amount if on <= day else 0
        collected: dict[tuple[Any, ...], Decimal | None] = {
            (month, currency): amount for month, amount in months.items()
        }
        undated = [(debt.issued, debt.events[place][0]) for debt in book.debts.values() for place in debt.undated]
        for end in {min(month_end(on), day) for on in snapshots(day)}:
            month = end.replace(day=1)
            if any(since <= on < until for since, until in undated for on in (month - days(1), end)):
                collected[month, currency] = None
        cells |= came_in(collected)
    return cells


def merged(company: RandomBooks, currency: str) -> dict[str, list[Row]]:
    """A company's rows in a currency, with ids that both of its systems share."""
    linked = {(row["system"], row["native_id"]): row["account_id"] for row in company.rows["lists.account_links"]}
    found: dict[str, list[Row]] = defaultdict(list)
    documents = {
        (row["_system"], row[key]): row.get("currency")
        for entity, key in (("billing.invoices", "invoice_id"), ("billing.payments", "payment_id"))
        for row in company.rows[entity]
        if not row.get("_deleted")
    }
    documents = {name: said or DEFAULT for name, said in documents.items()}
    for entity, rows in company.rows.items():
        for row in rows if entity.startswith("billing.") else []:
            letter = row["_system"].removeprefix(company.name)
            given = row.get("currency") or documents.get((row["_system"], row.get("invoice_id")))
            if given is None and "currency" in row:
                given = documents.get((row["_system"], row.get("payment_id")), DEFAULT)
            if given not in (None, currency):
                continue
            own = {key: f"{letter}:{value}" if key in IDS and value else value for key, value in row.items()}
            own.pop("_system")
            if entity == "billing.customers":
                link = linked.get((row["_system"], row["customer_id"])) or (
                    row["account_id"] and f"{row['_system']}:{row['account_id']}"
                )
                own["account_id"] = link and link.removeprefix(company.name)
            found[entity].append({"_known_at": "2026-01-01T00:00:00Z"} | own)
    for entity in ("invoices", "payments", "applications", "adjustments", "instalments"):
        found[f"billing.{entity}"].sort(key=lambda row: str(row.get("_known_at")))
    return found


def of(company: RandomBooks, cells: Cells) -> Cells:
    """A company's own cells."""
    return {
        key: amount
        for key, amount in cells.items()
        if key[-1] in company.currencies or key[-1].startswith(company.name)
    }


def differences(one: Cells, other: Cells) -> list[str]:
    """Cells that are not the same."""
    return [
        f"{' '.join(map(str, key))}: {one.get(key, 0)}, not {other.get(key, 0)}"
        for key in sorted(one.keys() | other.keys(), key=str)
        if abs(one.get(key, 0) - other.get(key, 0)) > APART
    ]


def apart(batch: list[RandomBooks], home: Path, day: date) -> Iterator[tuple[RandomBooks | None, str, list[str], int]]:
    """Each company with what of the models is not said by another ledger, by that one's name, and how many cells it has.

    The last is all companies together.
    """
    cells, raw, accounts = built(batch, home, day)
    ledger, books = proven(raw, accounts)
    seen = states(raw, accounts)
    for company in batch:
        own, theirs = of(company, cells), of(company, ledger)
        asked = of(company, seen)
        yield company, "proof", differences(own, theirs | in_base(company, theirs) | asked), len(own)
        if not company.features & set(STRANGE):
            theirs = plain(company, day)
            yield company, "plain ledger", differences(own, theirs | in_base(company, theirs) | asked), len(own)
    summed = {key: amount for key, amount in cells.items() if key[-1] == TOTAL}
    yield None, "proof", differences(summed, totals(batch, ledger, books, day)), len(summed)


@pytest.mark.parametrize("first", range(0, COMPANIES, TOGETHER))
def test_random_companies(first: int, tmp_path: Path) -> None:
    batch = [RandomBooks(first + place, place) for place in range(min(TOGETHER, COMPANIES - first))]
    wrong: dict[str, str] = {}
    cells = 0
    for day in DAYS:
        for company, whose, found, number in apart(batch, tmp_path / f"{day}", day):
            cells += number
            if found:
                name, rows = (company.name, company.told()) if company else (TOTAL, "")
                told = [f"{name} as of {day}, {len(found)} cells are not the {whose}'s:", *found[:3], rows]
                wrong.setdefault(name, "\n".join(told))
    assert cells > 50 * len(batch)
    assert not wrong, f"{len(wrong)} companies differ:\n" + "\n\n".join(wrong.values())
