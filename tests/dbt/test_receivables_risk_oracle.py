"""Movements, own ageing, roll rates, loss rates and provisions against plain Python that follows the definitions.

A seeded stream of invoices, payments and adjustments of accounts in two segments is built once. What each action means
for the balance is written down as it is made (`moves`), and every invoice keeps its events, so that what was open at the
end of any day is a sum. Nothing here is taken from the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.chance import chance
from tests.support.homes import make
from tests.support.losses import Invoice
from tests.support.oracle import days, month_end, months_before, parameter, seed
from tests.support.raw_rows import write_raw

FIRST, AS_OF = date(2023, 1, 1), date(2024, 3, 20)
RATES = {"EUR": Decimal(1), "USD": Decimal("0.9")}
SEGMENTS = {"C0": "Large", "C1": "Large", "C2": "Small", "C3": None, "C4": "Small"}
BUCKETS = {"not_due": None, "days_1_30": 1, "days_31_60": 31, "days_61_90": 61, "days_91_120": 91, "days_over_120": 121}
NAMES = list(BUCKETS)
# Provisions of their own: whose (an invoice goes before its account), at what rate, from when to when.
SPECIFIC = [
    *((f"I{number}", Decimal("0.8"), date(2023, 4, 15), date(2024, 2, 10)) for number in range(0, 260, 7)),
    ("C3", Decimal("0.35"), date(2023, 9, 1), None),
]
ZERO = Decimal(0)


def bucket_of(late: int) -> str:
    """The bucket of so many days past the due date."""
    return next(name for name in reversed(NAMES) if BUCKETS[name] is None or late >= BUCKETS[name])


PERIODS = sorted({month_end(FIRST + days(number)) for number in range((AS_OF - FIRST).days)} - {month_end(AS_OF)})
PERIODS.append(AS_OF)


class Stream:
    """Random actions, the rows that tell them, and what each of them does to whose balance."""

    def __init__(self, seed: int) -> None:
        """Makes everything."""
        self.random = chance(seed)
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.invoices: list[Invoice] = []
        self.moves: dict[tuple[str, str], list[tuple[date, str, Decimal]]] = defaultdict(list)
        for account, segment in SEGMENTS.items():
            self.rows["crm.accounts"].append({"account_id": account, "name": f"Account {account}", "segment": segment})
            self.rows["billing.customers"].append(
                {"customer_id": account, "name": f"Account {account}", "account_id": account}
            )
        for number in range(-1, (AS_OF - FIRST).days // 7 + 1):
            self.rows["plan.fx_rates"].append(
                {"currency": "USD", "rate_date": FIRST + days(7 * number), "rate": RATES["USD"]}
            )
        self.rows["billing.opening_balances"].append(
            {"customer_id": "C0", "currency": "EUR", "as_of": FIRST, "amount": Decimal(700), "due_on": FIRST + days(9)}
        )
        brought = Invoice("opening", "C0", "EUR", FIRST, FIRST + days(9), Decimal(700), False, [(FIRST, Decimal(700))])
        self.invoices.append(brought)
        self.move(brought, FIRST, "brought_forward", Decimal(700))
        for whose, rate, since, until in SPECIFIC:
            named = "invoice_id" if whose.startswith("I") else "account_id"
            self.rows["lists.specific_provisions"].append(
                {named: f"books:{whose}", "rate": rate, "reason": "In court", "valid_from": since, "valid_to": until}
            )
        for number in range(260):
            self.sell(number)
        for invoice in self.invoices:
            self.give_up(invoice)
            self.recover(invoice)

    def move(self, whose: Invoice | tuple[str, str], day: date, kind: str, amount: Decimal) -> None:
        """Notes what an action does to a balance."""
        key = (whose.account, whose.currency) if isinstance(whose, Invoice) else whose
        self.moves[key].append((day, kind, amount))

    def sell(self, number: int) -> None:
        """An invoice and what becomes of it."""
        issued = FIRST + days(self.random.randrange((AS_OF - FIRST).days + 20))
        gross = Decimal(self.random.randrange(1_000, 90_000)) / 100
        invoice = Invoice(
            f"I{number}", self.random.choice(list(SEGMENTS)), self.random.choice(["EUR", "EUR", "USD"]), issued,
            issued + days(self.random.choice([0, 14, 30])), gross, True, [(issued, gross)],
        )  # fmt: skip
        row = {
            "invoice_id": f"I{number}", "document_kind": "invoice", "customer_id": invoice.account, "status": "issued",
            "issued_on": issued, "due_on": invoice.due, "currency": invoice.currency, "net_amount": gross,
            "gross_amount": gross,
        }  # fmt: skip
        self.rows["billing.invoices"].append(row)
        self.invoices.append(invoice)
        self.move(invoice, issued, "invoiced", gross)
        fate = self.random.choice(["pays"] * 6 + ["in parts"] * 3 + ["lost"] * 3 + ["late loss", "void", "never"])
        if fate == "void":
            voided = issued + days(self.random.randrange(1, 80))
            row |= {"status": "void", "voided_on": voided}
            invoice.sold = False
            invoice.events.append((voided, -gross))
            self.move(invoice, voided, "invoiced", -gross)
        if fate in ("pays", "in parts", "lost"):
            share = {"pays": 100, "in parts": 40, "lost": 30}[fate]
            self.pay(f"{number}", invoice, (gross * share / 100).quantize(Decimal("0.01")))
        if fate in ("lost", "late loss"):
            for part in range(self.random.choice([1, 2])):
                self.adjust(f"W{number}-{part}", invoice, "write_off", gross * self.random.choice([20, 50]) / 100)
        if number % 11 == 4 and fate == "pays":
            self.adjust(f"R{number}", invoice, self.random.choice(["refund", "reversal"]), gross / 10)
        if number % 9 == 2:
            self.credit(number, invoice)

    def pay(self, name: str, invoice: Invoice, applied: Decimal) -> None:
        """A payment, sometimes of another account, sometimes too much; some is given or taken back."""
        payer = self.random.choice([invoice.account] * 5 + list(SEGMENTS))
        received = invoice.issued + days(self.random.randrange(-5, 160))
        amount = applied + self.random.choice([0, 0, 25])
        on = max(received + days(self.random.randrange(4)), invoice.issued)
        self.rows["billing.payments"].append(
            {"payment_id": f"P{name}", "customer_id": payer, "received_on": received, "currency": invoice.currency,
             "amount": amount, "status": "received"}
        )  # fmt: skip
        self.rows["billing.applications"].append(
            {"application_id": f"A{name}", "payment_id": f"P{name}", "invoice_id": f"I{name}", "applied_on": on,
             "amount": applied}
        )  # fmt: skip
        own = (payer, invoice.currency)
        self.move(own, received, "collected", -amount)
        if payer != invoice.account:
            self.move(own, on, "transferred", applied)
            self.move(invoice, on, "transferred", -applied)
        invoice.events.append((on, -applied))
        invoice.paid.append((on, applied, on))
        fate = self.random.choice(["stays"] * 8 + ["given back", "bounces"])
        later = on + days(self.random.randrange(1, 40))
        kind = {"given back": "refund", "bounces": "chargeback"}.get(fate)
        if kind is None or (kind == "refund" and amount == applied):
            return
        taken = amount if kind == "chargeback" else amount - applied
        self.rows["billing.adjustments"].append(
            {"adjustment_id": f"B{name}", "adjustment_kind": kind, "customer_id": payer, "payment_id": f"P{name}",
             "occurred_on": later, "currency": invoice.currency, "amount": taken}
        )  # fmt: skip
        if kind == "refund":
            self.move(own, later, "refunded", taken)
        else:
            invoice.events.append((later, applied))
            invoice.paid.append((later, -applied, on))
            self.move(invoice, later, "charged_back", applied)
            self.move(own, later, "charged_back", amount - applied)

    def adjust(self, name: str, invoice: Invoice, kind: str, amount: Decimal) -> None:
        """A write-off, refund or reversal that names the invoice and no payment."""
        amount = amount.quantize(Decimal("0.01"))
        on = max(invoice.due + days(self.random.randrange(-20, 170)), invoice.issued)
        self.rows["billing.adjustments"].append(
            {"adjustment_id": name, "adjustment_kind": kind, "customer_id": invoice.account, "occurred_on": on,
             "invoice_id": f"I{name[1:].split('-')[0]}", "currency": invoice.currency, "amount": amount}
        )  # fmt: skip
        if kind == "write_off":
            invoice.given_up.append((on, name, amount))
            return
        invoice.events.append((on, amount))
        self.move(invoice, on, {"refund": "refunded", "reversal": "reversed"}[kind], amount)
        last = max((paid for day, _, paid in invoice.paid if day <= on and day == paid), default=on)
        invoice.paid.append((on, -amount, last))

    def give_up(self, invoice: Invoice) -> None:
        """Each write-off takes at most what is open at the end of its day."""
        for on, _, amount in sorted(invoice.given_up):
            if part := min(amount, invoice.open_on(on)):
                invoice.events.append((on, -part))
                invoice.lost.append((on, part))
                self.move(invoice, on, "written_off", -part)

    def recover(self, invoice: Invoice) -> None:
        """What is paid of a debt that was given up: of what stands in the customer's favour, what was written off."""
        recovered = ZERO
        for day in sorted({on for on, _ in invoice.events}):
            in_favour = -sum((amount for on, amount in invoice.events if on <= day), ZERO)
            given_up = sum((amount for on, amount in invoice.lost if on <= day), ZERO)
            now = max(min(in_favour, given_up), ZERO)
            if now != recovered:
                self.move(invoice, day, "recovered", now - recovered)
            recovered = now

    def credit(self, number: int, invoice: Invoice) -> None:
        """A credit note of the account that nothing is done with."""
        issued, gross = invoice.issued + days(self.random.randrange(60)), (invoice.gross / 4).quantize(Decimal("0.01"))
        self.rows["billing.invoices"].append(
            {"invoice_id": f"N{number}", "document_kind": "credit_note", "customer_id": invoice.account,
             "status": "issued", "issued_on": issued, "currency": invoice.currency, "net_amount": gross,
             "gross_amount": gross}
        )  # fmt: skip
        self.move(invoice, issued, "credited", -gross)


@pytest.fixture(scope="module")
def stream() -> Stream:
    """The actions."""
    return Stream(seed=20240320)


@pytest.fixture(scope="module")
def warehouse(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One build of the reports under test and of the identities that gate them."""
    home: Path = tmp_path_factory.mktemp("risk")
    write_raw(home, dict(stream.rows), system="books", as_of_date=AS_OF)
    tests = ["receivable_movements_are_the_balances", "own_aging_buckets_sum_to_open", "provisions_are_of_what_is_open"]
    models = ["rpt_receivable_movements", "rpt_receivable_aging_buckets", "rpt_roll_rates", "rpt_receivable_kpis"]
    made = make(home, models, passing=[f"assert_{name}" for name in tests])
    with duckdb.connect(str(made), read_only=True) as connection:
        yield connection


def found(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query by column."""
    return warehouse.cursor().sql(query).to_arrow_table().to_pylist()


def test_movements_are_what_was_done(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Each month of each account and currency, from its first event on, to the cent; nothing before, nothing after."""
    kinds = ("invoiced", "credited", "collected", "written_off", "refunded", "charged_back", "reversed",
             "recovered", "brought_forward", "transferred")  # fmt: skip
    expected = {}
    for (account, currency), moves in stream.moves.items():
        closing = ZERO
        known = [move for move in moves if move[0] <= AS_OF]
        # Money may come before the first invoice.
        for end in [end for end in (FIRST - days(1), *PERIODS) if known and end >= min(known)[0]]:
            row = dict.fromkeys(kinds, ZERO)
            for day, kind, amount in known:
                if end.replace(day=1) <= day <= end:
                    row[kind] += amount
            row["opening"], closing = closing, closing + sum(row.values())
            row["closing"] = closing
            row["other"] = sum((row[kind] for kind in kinds[5:]), ZERO)
            expected[(f"books:{account}", currency, end.replace(day=1))] = row
    rows = found(warehouse, "select * from reporting.rpt_receivable_movements")
    assert all(sum(abs(row[kind]) for row in rows) > 0 for kind in kinds)
    assert {(row.pop("account_id"), row.pop("currency"), row.pop("month")): row for row in rows} == expected


def test_own_buckets_by_due_and_by_issue_date(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every bucket of the user's edges at each month's end."""
    edges = sorted(int(row["edge_days"]) for row in seed("aging_edges_defaults"))
    names = [f"days_up_to_{edges[0]}", *(f"days_{low + 1}_{high}" for low, high in pairwise(edges))]
    names.append(f"days_over_{edges[-1]}")
    expected: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for end in PERIODS:
        for invoice in stream.invoices:
            for place, since in enumerate((invoice.due, invoice.issued)):
                if amount := invoice.open_on(end):
                    name = names[sum((end - since).days > edge for edge in edges)]
                    expected[(end, f"books:{invoice.account}", invoice.currency, name)][place] += amount
    rows = found(warehouse, "select * from reporting.rpt_receivable_aging_buckets")
    assert {
        (row["as_of_date"], row["account_id"], row["currency"], row["bucket"]): [
            row["open_amount"], row["open_amount_by_issue"],
        ]
        for row in rows if row["as_of_date"] in PERIODS
    } == dict(expected)  # fmt: skip


def segment_of(invoice: Invoice) -> str:
    """The segment as reports name it."""
    return SEGMENTS[invoice.account] or "not_known"


@cache
def ever_open(invoice: Invoice, bucket: str) -> tuple[date, Decimal]:
    """From when on an invoice can stand in a bucket, and the most that was open from then until the cohort closed."""
    entry = invoice.issued if BUCKETS[bucket] is None else invoice.due + days(BUCKETS[bucket])
    until = invoice.due + days(parameter("loss_maturity_days"))
    return entry, max((invoice.open_on(entry + days(n)) for n in range((until - entry).days + 1)), default=ZERO)


def history(invoices: list[Invoice], end: date, bucket: str) -> tuple[int, Decimal, Decimal, Decimal]:
    """R19 at a month's end, of the closed cohort that reached a bucket.

    How many are decided, what reached it, what of that was lost, and what is still open: neither lost nor recovered.
    """
    maturity, number, reached, lost, unresolved = parameter("loss_maturity_days"), 0, ZERO, ZERO, ZERO
    last_due = end - days(maturity)
    for invoice in invoices:
        if not invoice.sold or not months_before(last_due, parameter("loss_history_months")) < invoice.due <= last_due:
            continue
        entry, most = ever_open(invoice, bucket)
        if most:
            still_open = min(invoice.open_on(end), most)
            number += still_open == 0
            unresolved += still_open * RATES[invoice.currency]
            reached += most * RATES[invoice.currency]
            written_off = sum((amount for on, amount in invoice.lost if entry <= on <= end), ZERO)
            lost += min(written_off, most) * RATES[invoice.currency]
    return number, reached, lost, unresolved


def own_rate(invoice: Invoice, end: date) -> Decimal | None:
    """The rate of a provision of its own in force on a day: the invoice's, else its account's."""
    known = {
        whose: rate for whose, rate, since, until in SPECIFIC if since <= end and (until is None or end <= until)
    }  # fmt: skip
    return known.get(invoice.name, known.get(invoice.account))


def decided(measured: tuple[int, Decimal, Decimal, Decimal]) -> bool:
    """Whether enough of what reached a bucket is lost or recovered to say anything of the rest."""
    _, reached, _, unresolved = measured
    return reached > unresolved and (reached - unresolved) * 100 >= parameter("loss_decided_percent") * reached


def test_loss_rates_and_provisions(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R19 and R20 for each month, segment and bucket, with the fallback to the whole company."""
    rows = found(warehouse, "select * from reporting.rpt_roll_rates")
    assert {row["as_of_date"] for row in rows} == set(PERIODS)
    assert len(rows) == len(PERIODS) * 3 * len(BUCKETS)
    assert {row["basis"] for row in rows} == {"segment", "company", "none"}
    provisions: dict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        key, end = (row["as_of_date"], row["segment"], row["bucket"]), row["as_of_date"]
        own = [invoice for invoice in stream.invoices if segment_of(invoice) == row["segment"]]
        basis, measured = "segment", history(own, end, row["bucket"])
        if measured[0] < parameter("loss_min_invoices") or not decided(measured):
            basis, measured = "company", history(stream.invoices, end, row["bucket"])
        rate = float(measured[2] / (measured[1] - measured[3])) if decided(measured) else None
        assert row["basis"] == ("none" if rate is None else basis), key
        assert row["history_invoices"] == measured[0], key
        assert row["loss_rate"] == (None if rate is None else pytest.approx(rate, abs=1e-9)), key
        if rate is not None:
            for name, amount in zip(("reached_amount", "lost_amount", "unresolved_amount"), measured[1:], strict=True):
                assert row[name] == pytest.approx(amount, abs=Decimal("0.001")), (name, key)
        late = [(invoice, bucket_of((end - invoice.due).days)) for invoice in own]
        opened = sum((i.open_on(end) * RATES[i.currency] for i, bucket in late if bucket == row["bucket"]), ZERO)
        assert row["open_amount"] == pytest.approx(opened, abs=Decimal("0.001")), key
        named = [
            (invoice.open_on(end) * RATES[invoice.currency], at) for invoice, bucket in late
            if bucket == row["bucket"] and (at := own_rate(invoice, end)) is not None
        ]  # fmt: skip
        apart, own_provision = sum((part for part, _ in named), ZERO), sum((part * at for part, at in named), ZERO)
        assert row["specific_open_amount"] == pytest.approx(apart, abs=Decimal("0.001")), key
        assert row["specific_provision"] == pytest.approx(own_provision, abs=Decimal("0.001")), key
        rest = opened - apart
        assert row["unprovided_amount"] == pytest.approx(rest if rate is None else ZERO, abs=Decimal("0.001")), key
        if opened and rate is None and not apart:
            assert row["provision"] is None, key
        else:
            assert float(row["provision"]) == pytest.approx(
                float(own_provision) + float(rest) * (rate or 0), abs=0.001
            ), key
            if opened:
                provisions[end] += row["provision"]
    assert any(rate for rate in (row["loss_rate"] for row in rows))
    assert len({row["specific_open_amount"] for row in rows}) > 20
    for row in found(warehouse, "select * from reporting.rpt_receivable_kpis where currency = 'ALL'"):
        # Of what nobody owes nothing is provided; of what somebody owes and no rate is known of, nobody knows.
        is_owed = any(invoice.open_on(row["as_of_date"]) for invoice in stream.invoices)
        assert row["provision"] == provisions.get(row["as_of_date"], None if is_owed else ZERO)


def test_roll_rates(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R18: of what was open in a bucket, what stood in the next one so many days later; never more than was there."""
    step = days(parameter("roll_rate_days"))
    for row in found(warehouse, "select * from reporting.rpt_roll_rates"):
        end, key = row["as_of_date"], (row["as_of_date"], row["segment"], row["bucket"])
        there = [
            invoice for invoice in stream.invoices
            if segment_of(invoice) == row["segment"] and bucket_of((end - invoice.due).days) == row["bucket"]
        ]  # fmt: skip
        amount = sum((invoice.open_on(end) * RATES[invoice.currency] for invoice in there), ZERO)
        if not amount or end + step > AS_OF or row["bucket"] == NAMES[-1]:
            assert row["roll_rate"] is None, key
            continue
        following = NAMES[NAMES.index(row["bucket"]) + 1]
        rolled = sum(
            (
                min(invoice.open_on(end), invoice.open_on(end + step)) * RATES[invoice.currency]
                for invoice in there if bucket_of((end + step - invoice.due).days) == following
            ), ZERO,
        )  # fmt: skip
        assert row["roll_rate"] == pytest.approx(float(rolled / amount), abs=1e-9), key


def test_payment_behaviour(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R12 to R14 of each currency: cash paid in the window, less what was taken back of it, and what is overdue."""
    rows = found(warehouse, "select * from reporting.rpt_receivable_kpis where currency <> 'ALL'")
    assert len(rows) > 20
    for row in rows:
        end, since = row["as_of_date"], row["as_of_date"] - days(parameter("dso_window_days"))
        own = [invoice for invoice in stream.invoices if invoice.currency == row["currency"]]
        paid = [
            (amount, (day - invoice.issued).days, (day - invoice.due).days)
            for invoice in own for day, amount in invoice.kept(end) if since < day
        ]  # fmt: skip
        overdue = [(invoice.open_on(end), (end - invoice.due).days) for invoice in own if end > invoice.due]
        cash, late = sum(amount for amount, *_ in paid), sum(amount for amount, _ in overdue)
        weights = sum(amount * max(past, 0) for amount, _, past in paid) + sum(
            amount * past for amount, past in overdue
        )
        grace = parameter("on_time_grace_days")
        expected = {
            "average_days_delinquent": (weights, cash + late),
            "average_payment_days": (sum(amount * taken for amount, taken, _ in paid), cash),
            "on_time_ratio_amount": (sum(amount for amount, _, past in paid if past <= grace), cash),
        }
        for name, (part, whole) in expected.items():
            ratio = pytest.approx(float(part / whole), abs=1e-9) if whole else None
            assert row[name] == ratio, (name, row["currency"], end)
