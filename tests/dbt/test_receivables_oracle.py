"""The receivables models against a ledger in plain Python that follows the definitions, not the SQL.

A seeded stream of documents, payments and adjustments of four systems, each telling its payments in another way, is
built once. Every balance, bucket, unapplied amount, DSO and countback is then computed here day by day and compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.chance import chance
from tests.support.homes import make
from tests.support.losses import Item, Key, total
from tests.support.raw_rows import write_raw
from tests.support.walk import Due, Walk

FIRST = date(2024, 1, 1)
AS_OF = date(2024, 8, 20)
RATES = {"EUR": Decimal(1), "USD": Decimal("0.9")}
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120")
EDGES = ((None, 0), (1, 30), (31, 60), (61, 90), (91, 120), (121, None))


class Stream:
    """A random stream of rows, and the ledger that the definitions make of them."""

    def __init__(self, seed: int) -> None:
        """Makes all rows of all systems."""
        self.random = chance(seed)
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.items: dict[str, Item] = {}
        self.unapplied: dict[Key, list[tuple[date, Decimal]]] = defaultdict(list)
        self.sales: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for currency, rate in RATES.items():
            if currency != "EUR":
                day = FIRST - timedelta(days=3)
                while day <= AS_OF:
                    self.rows["plan.fx_rates"].append({"currency": currency, "rate_date": day, "rate": rate})
                    day += timedelta(days=7)
        self.notes: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        self.explicit()
        self.settled()
        self.fifo()
        self.balances()
        for item in self.items.values():
            item.give_up()

    def day(self, latest: int = 250) -> date:
        """A day of the stream; some lie after the as-of date."""
        return FIRST + timedelta(days=self.random.randrange(latest))

    def amount(self) -> Decimal:
        """An amount with cents."""
        return Decimal(self.random.randrange(1_000, 500_000)) / 100

    def invoice(self, system: str, number: int, customer: str, **extra: Any) -> tuple[str, Item, dict[str, Any]]:
        """An issued invoice with its first event."""
        issued, gross = self.day(), self.amount()
        due = issued + timedelta(days=self.random.choice([0, 14, 30, 30, 45]))
        native = f"I{number}"
        row: dict[str, Any] = {
            "_system": system, "invoice_id": native, "document_kind": "invoice", "customer_id": customer,
            "issued_on": issued, "due_on": due, "currency": self.random.choice(["EUR", "EUR", "USD"]),
            "net_amount": gross, "gross_amount": gross, "status": "issued",
        } | extra  # fmt: skip
        self.rows["billing.invoices"].append(row)
        item = Item((f"{system}:{customer}", row["currency"]), [(row["due_on"], gross)])
        if row["status"] == "issued" and row["document_kind"] in ("invoice", "debit_note"):
            item.events.append((row["issued_on"], gross))
            self.items[f"{system}:{native}"] = item
            self.sales[row["currency"]][row["issued_on"]] += gross
        return native, item, row

    def explicit(self) -> None:
        """Payments with applications, credit notes, adjustments, instalments, void and draft documents."""
        for number in range(160):
            customer = f"C{number % 7}"
            kind = self.random.choice(["invoice"] * 9 + ["debit_note"])
            status = self.random.choice(["issued"] * 14 + ["void", "draft"])
            native, item, row = self.invoice("books", number, customer, document_kind=kind, status=status)
            if status != "issued":
                continue
            gross = row["gross_amount"]
            if number % 10 == 3:
                third = (gross / 3).quantize(Decimal("0.01"))
                parts = [third, third, gross - 2 * third]
                dues = [row["issued_on"] + timedelta(days=days) for days in (10, 40, 70)]
                item.instalments = list(zip(dues, parts, strict=True))
                for place, (due, part) in enumerate(item.instalments, start=1):
                    self.rows["billing.instalments"].append(
                        {"_system": "books", "invoice_id": native, "number": place, "due_on": due, "amount": part}
                    )
            for place in range(self.random.randrange(3)):
                self.pay(f"{number}-{place}", native, item, row)
            if number % 9 == 4:
                self.credit(number, native, item, row)
            if number % 8 == 5:
                self.adjust(number, native, item, row)

    def pay(self, name: str, native: str, item: Item, row: dict[str, Any]) -> None:
        """A payment of which a part, all, or more than the invoice needs is applied."""
        received = row["issued_on"] + timedelta(days=self.random.randrange(-10, 120))
        amount = (row["gross_amount"] * self.random.choice([25, 50, 100, 110]) / 100).quantize(Decimal("0.01"))
        applied = amount if self.random.random() < 0.7 else (amount / 2).quantize(Decimal("0.01"))
        given = None if self.random.random() < 0.3 else received + timedelta(days=self.random.randrange(5))
        status = "failed" if self.random.random() < 0.05 else "received"
        self.rows["billing.payments"].append(
            {"_system": "books", "payment_id": f"P{name}", "customer_id": row["customer_id"], "received_on": received,
             "currency": row["currency"], "amount": amount, "status": status}
        )  # fmt: skip
        unknown = self.random.random() < 0.05
        self.rows["billing.applications"].append(
            {"_system": "books", "application_id": f"A{name}", "payment_id": f"P{name}",
             "invoice_id": "nowhere" if unknown else native, "applied_on": given, "amount": applied}
        )  # fmt: skip
        if status == "failed":
            return
        self.unapplied[item.key].append((received, amount))
        if not unknown:
            on = max(given or received, received, row["issued_on"])
            item.events.append((on, -applied))
            self.unapplied[item.key].append((on, -applied))

    def credit(self, number: int, native: str, item: Item, row: dict[str, Any]) -> None:
        """A credit note, half of which is applied to the invoice."""
        issued = row["issued_on"] + timedelta(days=self.random.randrange(40))
        gross = (row["gross_amount"] / 4).quantize(Decimal("0.01"))
        self.rows["billing.invoices"].append(
            {"_system": "books", "invoice_id": f"N{number}", "document_kind": "credit_note",
             "customer_id": row["customer_id"], "issued_on": issued, "currency": row["currency"],
             "net_amount": -gross, "gross_amount": -gross if number % 2 else gross, "status": "issued"}
        )  # fmt: skip
        half = (gross / 2).quantize(Decimal("0.01"))
        on = issued + timedelta(days=7)
        self.rows["billing.applications"].append(
            {"_system": "books", "application_id": f"AN{number}", "credit_note_id": f"N{number}", "invoice_id": native,
             "applied_on": on, "amount": half}
        )  # fmt: skip
        item.events.append((on, -half))
        self.unapplied[item.key] += [(issued, gross), (on, -half)]
        self.notes[row["currency"]] += [(issued, gross), (on, -half)]
        self.sales[row["currency"]][issued] -= gross

    def adjust(self, number: int, native: str, item: Item, row: dict[str, Any]) -> None:
        """A write-off, refund, chargeback or reversal of the invoice; some name nothing to adjust."""
        kind = self.random.choice(["write_off", "write_off", "refund", "chargeback", "reversal"])
        amount = (row["gross_amount"] / 5).quantize(Decimal("0.01"))
        on = row["issued_on"] + timedelta(days=self.random.randrange(150))
        loose = kind == "refund" and number % 3 == 0
        self.rows["billing.adjustments"].append(
            {"_system": "books", "adjustment_id": f"J{number}", "adjustment_kind": kind,
             "customer_id": row["customer_id"], "invoice_id": None if loose else native, "occurred_on": on,
             "currency": row["currency"], "amount": amount}
        )  # fmt: skip
        if loose:
            self.unapplied[item.key].append((on, -amount))
        elif kind == "write_off":
            item.given_up.append((on, amount))
        else:
            item.events.append((on, amount))

    def settled(self) -> None:
        """Only the day on which an invoice was settled is known."""
        for number in range(60):
            _, item, row = self.invoice("shop", number, f"C{number % 4}")
            if self.random.random() < 0.8:
                row["settled_on"] = row["issued_on"] + timedelta(days=self.random.randrange(90))
                item.events.append((row["settled_on"], -row["gross_amount"]))

    def fifo(self) -> None:
        """Payments without a single application pay what a customer owes when they come, the oldest due first."""
        made = [self.invoice("bank", number, f"C{number % 3}") for number in range(60)]
        payments: list[dict[str, Any]] = []
        for number in range(30):
            row: dict[str, Any] = {"_system": "bank", "payment_id": f"P{number:03}", "customer_id": f"C{number % 3}",
                   "received_on": self.day(), "currency": self.random.choice(["EUR", "USD"]), "amount": self.amount(),
                   "status": "received"}  # fmt: skip
            payments.append(row)
            self.unapplied[(f"bank:{row['customer_id']}", row["currency"])].append((row["received_on"], row["amount"]))
        self.rows["billing.payments"] += payments
        steps: dict[Key, list[tuple[date, int, Any]]] = defaultdict(list)
        items = {native: item for native, item, _ in made}
        for native, item, row in made:
            due = Due.of(native, row["issued_on"], row["due_on"], None)
            owes = partial(Walk.owes, day=row["issued_on"], debt=due, amount=row["gross_amount"])
            steps[item.key].append((row["issued_on"], 1, owes))
        for payment in payments:
            day = payment["received_on"]
            comes = partial(Walk.comes, day=day, money=payment["payment_id"], amount=payment["amount"])
            steps[(f"bank:{payment['customer_id']}", payment["currency"])].append((day, 2, comes))
        for key, found in steps.items():
            walk = Walk()
            for _, _, what in sorted(found, key=lambda step: step[:2]):
                what(walk)
            for move in walk.moves:
                items[move.debt or ""].events.append((move.day, -move.amount))
                self.unapplied[key].append((move.day, -move.amount))

    def balances(self) -> None:
        """Only what is still open is known, as of the export."""
        known = date(2024, 8, 10)
        for number in range(30):
            _, item, row = self.invoice("crm", number, f"C{number % 3}", _known_at="2024-08-10T12:00:00Z")
            row["reported_balance"] = row["gross_amount"] * self.random.choice([0, 1, 1]) / 2
            paid = row["gross_amount"] - row["reported_balance"]
            item.events.append((max(known, row["issued_on"]), -paid))


def snapshots() -> list[date]:
    """Every Sunday and month end up to the as-of date, and that date."""
    days = [FIRST + timedelta(days=number) for number in range((AS_OF - FIRST).days + 1)]
    return [day for day in days if day.weekday() == 6 or (day + timedelta(days=1)).day == 1 or day == AS_OF]


def expected_balances(stream: Stream, day: date) -> dict[Key, dict[str, Decimal]]:
    """Each account's and currency's balances at the end of a day; only those with anything on them."""
    found: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for item in stream.items.values():
        for due, part in item.parts_on(day):
            late = (day - due).days
            for name, (low, high) in zip(BUCKETS, EDGES, strict=True):
                if (low is None or late >= low) and (high is None or late <= high):
                    found[item.key][name] += part
            found[item.key]["open_amount"] += part
        found[item.key]["credit_amount"] += item.credit_on(day)
    for key, movements in stream.unapplied.items():
        found[key]["unapplied_amount"] += total(movements, day)
    return {key: dict(row) for key, row in found.items() if any(row.values())}


def countback(sales: dict[date, Decimal], open_amount: Decimal, day: date) -> float | None:
    """R8, walked back one day after the other."""
    if open_amount <= 0:
        return 0.0
    days = 0
    while day - timedelta(days=days) >= min(sales):
        sold = sales.get(day - timedelta(days=days), Decimal(0))
        if sold >= open_amount:
            return days + float(open_amount / sold)
        open_amount -= sold
        days += 1
    return None


@pytest.fixture(scope="module")
def stream() -> Stream:
    """The rows and their ledger."""
    return Stream(seed=20240820)


@pytest.fixture(scope="module")
def warehouse(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One build of the receivables models and of the identities that gate them."""
    home: Path = tmp_path_factory.mktemp("oracle")
    write_raw(home, dict(stream.rows), as_of_date=AS_OF)
    tests = ["events_are_the_balances", "buckets_sum_to_open", "days_are_the_balances", "rows_are_posted"]
    passing = [
        *(f"assert_receivable_{name}" for name in tests),
        "assert_open_invoices_are_the_balances", "assert_collected_is_applied_or_unapplied",
    ]  # fmt: skip
    models = ["rpt_receivable_kpis", "rpt_receivable_aging", "rpt_open_invoices", "fct_receivable_exceptions"]
    with duckdb.connect(str(make(home, models, passing=passing)), read_only=True) as connection:
        yield connection


def test_every_balance_of_every_snapshot_is_the_ledgers(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Buckets, open, credit and unapplied amounts, account by account, to the cent."""
    columns = (*BUCKETS, "open_amount", "credit_amount", "unapplied_amount")
    found: dict[date, dict[Key, dict[str, Decimal]]] = defaultdict(dict)
    query = f"select as_of_date, account_id, currency, {', '.join(columns)} from reporting.rpt_receivable_aging"
    for as_of, account, currency, *amounts in warehouse.execute(query).fetchall():
        found[as_of][(account, currency)] = dict(zip(columns, amounts, strict=True))
    assert set(found) <= set(snapshots())
    for day in snapshots():
        expected = expected_balances(stream, day)
        shown = {key: row for key, row in found[day].items() if any(row.values())}
        assert set(shown) == set(expected), day
        for key, row in expected.items():
            assert shown[key] == {name: row.get(name, Decimal(0)) for name in columns}, (day, key)


def is_undated(stream: Stream, currency: str, day: date) -> bool:
    """Whether a payment that the balances of 10 August alone tell may have come by a day, and may not."""
    return any(
        row["_system"] == "crm" and currency in ("ALL", row["currency"]) and row["issued_on"] <= day < date(2024, 8, 10)
        and row["reported_balance"] < row["gross_amount"]
        for row in stream.rows["billing.invoices"]
    )  # fmt: skip


def test_dso_and_countback_are_the_ledgers(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R7 and R8 for each currency and for all in the base currency, at each month's end."""
    sales: dict[str, dict[date, Decimal]] = {currency: dict(days) for currency, days in stream.sales.items()}
    sales["ALL"] = defaultdict(Decimal)
    for currency, rate in RATES.items():
        for day, amount in stream.sales[currency].items():
            sales["ALL"][day] += amount * rate
    query = (
        "select currency, as_of_date, open_amount, sales, dso_simple, dso_countback, dso_average, best_possible_dso "
        "from reporting.rpt_receivable_kpis"
    )
    rows = warehouse.execute(query).fetchall()
    assert {row[0] for row in rows} == {"EUR", "USD", "ALL"}
    ends = {day for day in snapshots() if (day + timedelta(days=1)).day == 1 or day == AS_OF}
    assert {row[1] for row in rows} == ends
    begun, known = min(day for item in stream.items.values() for day, _ in item.events), 0
    for currency, day, open_amount, sold, simple, back, average, best in rows:
        wanted: dict[date, Decimal] = {}
        not_due = Decimal(0)
        for at in (day, day - timedelta(days=90)):
            wanted[at] = Decimal(0)
            for key, row in expected_balances(stream, at).items():
                if currency in ("ALL", key[1]):
                    rate = RATES[key[1]] if currency == "ALL" else Decimal(1)
                    wanted[at] += row.get("open_amount", Decimal(0)) * rate
                    not_due += row.get("not_due", Decimal(0)) * rate if at == day else 0
        sold_by_day = list(sales[currency].items())
        window = total(sold_by_day, day) - total(sold_by_day, day - timedelta(days=90))
        assert open_amount == (None if is_undated(stream, currency, day) else wanted[day]), (currency, day)
        assert sold == total(sold_by_day, day) - total(sold_by_day, day.replace(day=1) - timedelta(days=1))
        # A window that the history does not cover says nothing of 90 days.
        if begun > day - timedelta(days=89) or open_amount is None:
            assert (simple, average, best) == (None, None, None), (currency, day)
        else:
            known += 1
            assert simple == pytest.approx(float(wanted[day] / window * 90), abs=1e-9)
            is_begin_known = not is_undated(stream, currency, day - timedelta(days=90))
            assert (average is not None) == is_begin_known
            assert average is None or average == pytest.approx(
                float(sum(wanted.values(), Decimal(0)) / 2 / window * 90), abs=1e-9
            )
            assert best == pytest.approx(float(not_due / window * 90), abs=1e-9)
        # Sales are net of every credit note, so that those which wait count against what is open.
        waiting = sum(
            (total(notes, day) * (RATES[of] if currency == "ALL" else 1) for of, notes in stream.notes.items()
             if currency in ("ALL", of)), Decimal(0),
        )  # fmt: skip
        expected = None if open_amount is None else countback(sales[currency], wanted[day] - waiting, day)
        assert back == (None if expected is None else pytest.approx(expected, abs=1e-9)), (currency, day)
    assert 0 < known < len(rows)


def test_weighted_days_follow_each_part_of_an_invoice(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R11: what was open on each day of an invoice's life so far, over what was invoiced."""
    for day in (date(2024, 5, 31), date(2024, 7, 31)):
        days, invoiced = Decimal(0), Decimal(0)
        for item in stream.items.values():
            issued, gross = item.events[0]
            if item.key[1] == "EUR" and day - timedelta(days=90) < issued <= day:
                invoiced += gross
                lived = (issued + timedelta(days=number) for number in range((day - issued).days))
                days += sum((max(item.open_on(on), Decimal(0)) for on in lived), Decimal(0))
        [(found,)] = warehouse.execute(
            "select dso_weighted from reporting.rpt_receivable_kpis where currency = 'EUR' and as_of_date = ?", [day]
        ).fetchall()
        assert found == pytest.approx(float(days / invoiced), abs=1e-9)


def test_how_long_a_payment_took_is_unknown_where_its_day_is(
    stream: Stream, warehouse: duckdb.DuckDBPyConnection
) -> None:
    """The balances of 10 August tell that something was paid by then, and not when."""
    columns = ("average_days_delinquent", "average_delay_days", "average_payment_days", "on_time_ratio_amount",
               "on_time_ratio_count", "dso_weighted")  # fmt: skip
    query = f"select undated_payment_count, {', '.join(columns)} from reporting.rpt_receivable_kpis"
    for currency in ("EUR", "USD", "ALL"):
        paid = [
            row for row in stream.rows["billing.invoices"]
            if row["_system"] == "crm" and currency in ("ALL", row["currency"]) and row["issued_on"] <= AS_OF
            and row["reported_balance"] < row["gross_amount"]
        ]  # fmt: skip
        where = "where currency = ? and as_of_date = ?"
        [[count, *unknown]] = warehouse.execute(f"{query} {where}", [currency, AS_OF]).fetchall()
        assert count == len(paid) > 0
        assert unknown == [None] * len(columns)
        [[count, *known]] = warehouse.execute(f"{query} {where}", [currency, date(2024, 7, 31)]).fetchall()
        assert count == 0
        # How late what is overdue is, nobody knows where some of it may have been paid.
        assert is_undated(stream, currency, date(2024, 7, 31))
        assert [value is None for value in known] == [True, True, False, False, False, False]


def test_open_invoices_are_the_ledgers_parts(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Each open instalment of the as-of date with its days overdue."""
    query = "select invoice_id, due_on, days_overdue, open_amount from reporting.rpt_open_invoices order by all"
    expected = sorted(
        (name, due, (AS_OF - due).days, part)
        for name, item in stream.items.items()
        for due, part in item.parts_on(AS_OF)
        if part > 0
    )
    assert warehouse.execute(query).fetchall() == expected


def test_what_could_not_be_posted_is_named(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Applications to an unknown invoice and of failed payments are told, none is lost."""
    reasons = dict(
        warehouse.execute(
            "select reason, count(*) from marts.fct_receivable_exceptions where entity = 'applications' group by all"
        ).fetchall()
    )
    failed = {row["payment_id"] for row in stream.rows["billing.payments"] if row["status"] == "failed"}
    # What is applied after the run's day does not exist yet; without a day it is applied as its payment comes.
    received = {row["payment_id"]: row["received_on"] for row in stream.rows["billing.payments"]}
    applications = [
        row for row in stream.rows["billing.applications"]
        if (row.get("applied_on") or received[row["payment_id"]]) <= AS_OF
    ]  # fmt: skip
    unknown = [row for row in applications if row["invoice_id"] == "nowhere"]
    assert reasons == {
        "unknown_invoice": len(unknown),
        "payment_not_received": sum(
            row.get("payment_id") in failed for row in applications if row["invoice_id"] != "nowhere"
        ),
    }
