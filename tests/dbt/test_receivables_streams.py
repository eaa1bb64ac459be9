"""Random streams of events at the edges, replayed by a plain-Python ledger: it and the models agree to the cent.

Each stream has a system, a currency and customers of its own, so that many streams are one build and do not mix. A
stream is a handful of stories, each of which writes the rows that an export would have. When a stream fails, the message
names it and the day, and holds its rows: `Book("s07", rows, AS_OF).balances(day)` is what was expected.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.chance import is_tried
from tests.support.homes import make
from tests.support.ledger import BUCKETS, Book, Row
from tests.support.ledger_view import View
from tests.support.oracle import days, month_end
from tests.support.raw_rows import write_raw

AS_OF = date(2025, 3, 1)
FIRST = date(2023, 12, 29)
STREAMS, STORIES = 36, 5
CENT = Decimal("0.01")
# Days past due on the as-of date, and in payments: each edge of a bucket from both sides.
LATE = (0, 1, 30, 31, 60, 61, 90, 91, 120, 121, 29, -1, -30)
TERMS = (30, 0, 31, 14, 60, None, 1)
AMOUNTS = tuple(Decimal(text) for text in ("100.00", "33.33", "0.01", "999.99", "0.03", "12345.67"))
CALENDAR = tuple(
    date.fromisoformat(text)
    for text in ("2024-01-31", "2024-02-29", "2023-12-31", "2024-12-31", "2024-02-28", "2024-03-01", "2025-01-01",
                 "2025-02-28", "2025-03-01", "2024-04-30", "2025-03-02")
)  # fmt: skip
KINDS = (
    "pays", "instalments", "prepayment", "overpayment", "overpayment refunded", "partial write-off", "reversal",
    "part of a payment charged back", "credit note after payment", "negative invoice", "zero invoice",
    "payment in two exports", "never pays", "void", "void at once", "draft and request", "debit note", "opening balance",
    "failed payment", "too much applied", "refund of an invoice", "loose refund", "void credit note", "disputed",
    "charged back, then refunded", "refunded, then charged back", "charged back, then applied",
)  # fmt: skip
# Of every third stream no payment has an application: its stories share what is owed and what can pay.
LOOSE = (
    "sends", "sends too much", "sends in parts", "sends before", "credit note, the rest sent", "credit note waits", "returned",
    "half returned", "returned, sent again", "refunded", "loose refund", "minus", "written off", "written off, then sent",
    "void after", "settled", "settled unseen", "never pays", "void credit note", "credited after",
    "another pays", "another pays, half returned", "another pays, loose refund", "another pays, credit note waits",
    "another pays a third",
)  # fmt: skip
# Of half of these, documents say what is open of them on the day of their export: 0, all of it, something between, more.
TOLD = (
    "sends", "told, sends", "told, nothing comes", "told, refunded", "told, charged back", "told twice", "told, written off",
    "told, given up", "told, credited", "told, note void", "told, note told", "sends too much", "told, loose refund", "settled",
)  # fmt: skip
LOOSE_STORIES = 8
# No balance is told before: what came unseen has no day, and how long payments took is unknown for all with it.
TOLD_FROM = date(2024, 10, 15)


class Stream:
    """One stream: its stories, and the rows that tell them."""

    def __init__(self, number: int) -> None:
        """Makes an empty one; every sixth has no exchange rate at all, others lose theirs for a while."""
        self.number, self.system = number, f"s{number:02}"
        self.currency = "EUR" if number == 3 else f"X{chr(65 + number // 26)}{chr(65 + number % 26)}"
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.stories: list[str] = []
        self.quotes = [] if number % 6 == 5 else [FIRST + days(place * (7 + number)) for place in range(70)]
        self.quotes = [day for day in self.quotes if day <= AS_OF]
        self.rows["crm.accounts"].append({"account_id": "C0", "name": f"{self.system} of two numbers"})
        for customer, terms, account in (("C0", 30, "C0"), ("C1", None, None), ("C2", None, None), ("C8", None, "C0")):
            self.add("customers", customer_id=customer, name=f"{self.system} {customer}", payment_terms_days=terms,
                     account_id=account)  # fmt: skip

    def __repr__(self) -> str:
        """Its name: a whole batch is told when a test fails."""
        return f"stream {self.system}"

    def told(self) -> str:
        """What a person needs to replay it."""
        lines = [f"{entity}: {row}" for entity, rows in self.rows.items() for row in rows]
        return "\n".join([f"stream {self.system} in {self.currency}: {', '.join(self.stories)}", *lines])

    def rate(self, day: date) -> Decimal | None:
        """Base units for one unit: the last quote of the 31 days before."""
        if self.currency == "EUR":
            return Decimal(1)
        known = [quote for quote in self.quotes if quote <= day <= quote + days(31)]
        return Decimal(50 + (max(known) - FIRST).days % 40) / 100 if known else None

    def add(self, entity: str, **row: Any) -> Row:
        """A row of an export of billing."""
        self.rows[f"billing.{entity}"].append(row)
        return row

    def tell(
        self, kind: str, customer: str, issued: date, terms: int | None, gross: Decimal, late: int, share: int
    ) -> None:
        """A story: an invoice of a kind, and a payment of a share of it, so many days after the due date."""
        place = len(self.stories)
        self.stories.append(f"{place} {kind}")
        name, common = f"I{place}", {"customer_id": customer, "currency": self.currency}
        due = issued if terms is None else issued + days(terms)
        part = max((gross * share / 100).quantize(CENT), CENT)
        if kind == "opening balance":
            if not self.rows["billing.opening_balances"]:
                self.add("opening_balances", **common, as_of=issued, amount=gross, due_on=due if terms else None)
            return
        sign = -1 if kind == "negative invoice" else 0 if kind == "zero invoice" else 1
        status = {"void": "void", "void at once": "void", "draft and request": "draft"}.get(kind, "issued")
        document = "debit_note" if kind == "debit note" else "invoice"
        self.add(
            "invoices", **common, invoice_id=name, document_kind=document, issued_on=issued, net_amount=sign * gross,
            due_on=due if terms else None, gross_amount=sign * gross, status=status,
            voided_on=max(issued + days(late), issued) if kind == "void" else None,
            is_disputed=kind == "disputed",
        )  # fmt: skip
        if kind == "draft and request":
            self.add(
                "invoices", **common, invoice_id=f"R{place}", document_kind="prepayment", issued_on=issued, due_on=due,
                net_amount=gross, gross_amount=gross, status="issued", voided_on=None, is_disputed=False,
            )  # fmt: skip
        if kind == "instalments":
            third = (gross / 3).quantize(CENT)
            for number, amount in enumerate((third, third, gross - 2 * third), start=1):
                self.add(
                    "instalments", invoice_id=name, number=number, due_on=due + days(30 * number - 30), amount=amount
                )
        if kind in ("never pays", "negative invoice", "zero invoice", "draft and request", "disputed"):
            return
        paid = max(due + days(late), issued) if kind != "prepayment" else issued - days(abs(late) + 1)
        received = {
            "overpayment": gross + 7,
            "overpayment refunded": gross + 7,
            "payment in two exports": gross,
            "charged back, then refunded": gross + 7,
            "refunded, then charged back": gross + 7,
            "charged back, then applied": gross + 7,
        }
        applied = {"too much applied": gross + 3, "overpayment": gross, "overpayment refunded": gross,
                   "credit note after payment": gross}.get(kind, part)  # fmt: skip
        payment = self.add(
            "payments", **common, payment_id=f"P{place}", received_on=paid, amount=received.get(kind, max(part, applied)),
            status="failed" if kind == "failed payment" else "received",
        )  # fmt: skip
        self.add(
            "applications", application_id=f"A{place}", payment_id=f"P{place}", credit_note_id=None, invoice_id=name,
            applied_on=None if place % 2 else paid + days(place), amount=applied,
        )  # fmt: skip
        self.afterwards(kind, place, common, max(paid + days(place), issued) + days(share // 3), applied, payment)

    def tell_loose(
        self, kind: str, customer: str, issued: date, terms: int | None, gross: Decimal, late: int, share: int
    ) -> None:
        """A story whose money says nothing of what it is for."""
        place = len(self.stories)
        self.stories.append(f"{place} {kind}")
        is_another, is_third = kind.startswith("another"), kind == "another pays a third"
        common = {"customer_id": "C2" if is_third else "C0" if is_another else customer, "currency": self.currency}
        paying = common | ({"customer_id": "C8"} if is_another else {})
        due = issued + days(terms or 0)
        sent = (
            max(due + days(late), issued + days(share % 7)) if kind != "sends before" else issued - days(abs(late) + 1)
        )
        part = max((gross * share / 100).quantize(CENT), CENT)
        half = max((gross / 2).quantize(CENT), CENT)
        is_void, is_told = kind == "void after", kind.startswith("told")
        seen = max(sent + days(share // 3 + place % 3 - 20), issued, TOLD_FROM + days(place))
        balance = (gross - part, half, gross, Decimal(0), gross + 1, -CENT)[(place + share) % 6]
        invoice = self.add(
            "invoices", **common, invoice_id=f"I{place}", document_kind="invoice", issued_on=issued, net_amount=gross,
            due_on=due, gross_amount=gross, status="void" if is_void else "issued",
            voided_on=sent + days(9) if is_void else None, is_disputed=False,
            settled_on=max(sent - days(share % 5), issued) if kind.startswith("settled") else None,
            **told_on(seen, balance if is_told else None),
        )  # fmt: skip
        if kind == "told twice":
            self.add("invoices", **(invoice | told_on(seen + days(place % 4), half - CENT)))

        def pay(name: str, day: date, amount: Decimal) -> None:
            self.add("payments", **paying, payment_id=name, received_on=day, amount=amount, status="received")

        def adjust(what: str, amount: Decimal, invoice: str | None, paid: str | None, day: date) -> None:
            self.add(
                "adjustments", **paying, adjustment_id=f"J{place}", adjustment_kind=what, invoice_id=invoice,
                payment_id=paid, occurred_on=day, amount=amount,
            )  # fmt: skip

        def note(day: date, applied: Decimal) -> None:
            is_void = kind in ("void credit note", "told, note void")
            self.add(
                "invoices", **paying, invoice_id=f"N{place}", document_kind="credit_note", issued_on=day, due_on=None,
                net_amount=half, gross_amount=half, status="void" if is_void else "issued", is_disputed=False,
                voided_on=day + days(20) if is_void else None,
                **told_on(seen, max((half / 2).quantize(CENT), CENT) if kind == "told, note told" else None),
            )  # fmt: skip
            if applied:
                self.add("applications", application_id=f"AN{place}", payment_id=None, credit_note_id=f"N{place}",
                         invoice_id=f"I{place}", applied_on=day + days(1), amount=applied)  # fmt: skip

        money, after = f"P{place}", sent + days(share // 3)
        if kind in ("never pays", "settled unseen", "told, nothing comes"):
            return
        if kind == "sends in parts":
            pay(f"{money}a", sent, half)
            pay(f"{money}b", after, max(gross - half, CENT))
            return
        if "credit" in kind or "note" in kind:
            note(
                after if kind == "credited after" else issued + days(2),
                Decimal(0) if kind.endswith(("credit note waits", "note told")) else half,
            )
        pay(money, sent, {"sends too much": gross + 7, "sends": part}.get(kind, part if is_told else gross))
        if is_third:
            # A half is applied; more than that goes back, and then what is left is applied, or more than is left.
            for part, day, amount in (("a", sent, half), ("b", after + days(3), half if place % 2 else gross)):
                self.add("applications", application_id=f"A{place}{part}", payment_id=money, credit_note_id=None,
                         invoice_id=f"I{place}", applied_on=day, amount=amount)  # fmt: skip
            adjust("refund" if place % 3 else "chargeback", half + (half / 3).quantize(CENT), None, money, after)
        elif kind.endswith("returned") or kind in ("returned, sent again", "told, charged back"):
            adjust(
                "reversal" if place % 2 else "chargeback",
                half if kind.endswith(("half returned", "charged back")) else gross,
                None,
                money,
                after,
            )
        elif kind.endswith(("refunded", "loose refund")):
            adjust("refund", half, None, None if kind.endswith("loose refund") else money, after)
        elif kind in ("told, written off", "told, given up"):
            adjust("write_off", half if kind == "told, written off" else max(balance, CENT), f"I{place}", None, after)
        elif kind == "minus":
            pay(f"{money}m", after, -half)
        elif kind.startswith("written off"):
            adjust(
                "write_off", half, f"I{place}", None, min(after, sent - days(1)) if kind.endswith("sent") else issued
            )
        if kind == "returned, sent again":
            pay(f"{money}c", after + days(5), gross)

    def afterwards(self, kind: str, place: int, common: Row, day: date, applied: Decimal, payment: Row) -> None:
        """What comes after the payment."""

        def adjust(what: str, amount: Decimal, invoice: str | None, paid: str | None, on: date = day) -> None:
            self.add(
                "adjustments", **common, adjustment_id=f"J{place} {what}", adjustment_kind=what, invoice_id=invoice,
                payment_id=paid, occurred_on=on, amount=amount,
            )  # fmt: skip

        name, paid = f"I{place}", f"P{place}"
        half = max((applied / 2).quantize(CENT), CENT)
        if kind == "instalments":
            extra = dict(self.rows["billing.payments"][-1], payment_id=f"{paid}b", received_on=day, amount=half)
            self.add("payments", **extra)
            self.add("applications", application_id=f"A{place}b", payment_id=f"{paid}b", credit_note_id=None,
                     invoice_id=name, applied_on=day, amount=half)  # fmt: skip
        elif kind == "overpayment refunded":
            adjust("refund", Decimal(7), None, paid)
        elif kind == "partial write-off":
            adjust("write_off", half, name, None)
        elif kind == "reversal":
            adjust("reversal", payment["amount"], None, paid)
        elif kind == "part of a payment charged back":
            adjust("chargeback", half, None, paid)
        elif kind == "charged back, then refunded":
            adjust("chargeback", applied if place % 2 else half, name if place % 3 else None, paid)
            adjust("refund", half, None, paid, day + days(3))
        elif kind == "refunded, then charged back":
            adjust("refund", half, name if place % 3 == 0 else None, paid)
            adjust("chargeback", payment["amount"], None, paid, day + days(3))
        elif kind == "charged back, then applied":
            # More than had been applied: what is left of the payment then pays a part of another invoice, and no more.
            adjust("chargeback", applied + 5 + place % 3, None, paid)
            second = dict(self.rows["billing.invoices"][-1], invoice_id=f"{name}b")
            self.add("invoices", **second)
            for part, amount in (("b", half), ("c", payment["amount"]), ("d", CENT)):
                self.add("applications", application_id=f"A{place}{part}", payment_id=paid, credit_note_id=None,
                         invoice_id=f"{name}b", applied_on=day + days(2 + ord(part) % 3), amount=amount)  # fmt: skip
        elif kind == "refund of an invoice":
            adjust("refund", half, name, None)
        elif kind == "loose refund":
            adjust("refund", half, None, None)
        elif kind in ("credit note after payment", "void credit note"):
            is_void = kind == "void credit note"
            self.add(
                "invoices", **common, invoice_id=f"N{place}", document_kind="credit_note", issued_on=day, due_on=None,
                net_amount=-half, gross_amount=-half if place % 2 else half, status="void" if is_void else "issued",
                voided_on=day + days(31) if is_void else None, is_disputed=False,
            )  # fmt: skip
            if not is_void:
                self.add("applications", application_id=f"AN{place}", payment_id=None, credit_note_id=f"N{place}",
                         invoice_id=name, applied_on=day + days(1), amount=half)  # fmt: skip
        elif kind == "payment in two exports":
            known = {
                "_known_at": "2026-02-01T00:00:00Z",
                "_loaded_at": "2026-02-01T00:00:00Z",
                "_file_sha256": "b" * 64,
            }
            self.add(
                "payments", **(payment | known | {"amount": applied, "received_on": payment["received_on"] + days(1)})
            )


def told_on(day: date, balance: Decimal | None) -> Row:
    """What of a row says what is open of its document at noon of a day, if anything."""
    return {} if balance is None else {"reported_balance": balance, "_known_at": f"{day}T12:00:00Z"}


@st.composite
def batches(draw: st.DrawFn) -> list[Stream]:
    """Many streams. The simplest draw takes each story's own edge of every list, so that it has all of them too."""
    found = []
    for number in range(STREAMS):
        stream = Stream(number)
        is_loose = number % 3 == 1
        for story in range(LOOSE_STORIES if is_loose else STORIES):
            place = number * STORIES + story

            def pick(choices: tuple[Any, ...], start: int = place) -> Any:
                return choices[(start + draw(st.integers(0, len(choices) - 1))) % len(choices)]

            kind = pick(TOLD if number % 2 == 0 else LOOSE, place + number) if is_loose else pick(KINDS)
            terms, late = pick(TERMS, place // 3), pick(LATE, place // 2)
            # Half of the invoices were issued on days of the calendar's edges, half are due by edges of the buckets.
            edge = AS_OF - days((terms or 0) + pick(LATE))
            issued = pick((edge, pick(CALENDAR)), place // 2)
            tell = stream.tell_loose if is_loose else stream.tell
            tell(kind, pick(("C0", "C1")), issued, terms, pick(AMOUNTS), late, pick((100, 50, 33, 90)))
        found.append(stream)
    return found


def snapshots() -> list[date]:
    """Every Sunday and month end up to the as-of date, and that date."""
    every = [FIRST - days(200) + days(number) for number in range((AS_OF - FIRST).days + 201)]
    return [day for day in every if day.weekday() == 6 or day == month_end(day) or day == AS_OF]


def check_balances(batch: list[Stream], warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every bucket and balance of every account on every snapshot date."""
    columns = (*BUCKETS, "open_amount", "credit_amount", "unapplied_amount")
    found: dict[tuple[date, str], dict[str, dict[str, Decimal]]] = defaultdict(dict)
    query = f"select as_of_date, currency, account_id, {', '.join(columns)} from reporting.rpt_receivable_aging"
    for day, currency, account, *amounts in warehouse.execute(query).fetchall():
        if any(amounts):
            found[(day, currency)][account] = dict(zip(columns, amounts, strict=True))
    assert {day for day, _ in found} <= set(snapshots())
    for name in columns:
        assert is_tried(any(row[name] for accounts in found.values() for row in accounts.values())), (
            f"nothing tries {name}"
        )
    for stream in batch:
        book = Book(stream.system, stream.rows, AS_OF)
        for day in snapshots():
            expected = {
                account: {name: row.get(name, Decimal(0)) for name in columns}
                for account, row in book.balances(day).items()
            }
            assert found[(day, stream.currency)] == expected, f"balances on {day} of {stream.told()}"


def kpi_differences(batch: list[Stream], warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """Where a key figure of a stream's currency, or of all in the base currency, is not the ledger's."""

    def same(day: date) -> Decimal:
        return Decimal(1)

    books = [(Book(stream.system, stream.rows, AS_OF), stream) for stream in batch]
    begun = min(book.begun() for book, _ in books)
    views = {stream.currency: (View([(book, same)], begun), stream.told()) for book, stream in books}
    views["ALL"] = View([(book, stream.rate) for book, stream in books], begun), "all streams"
    rows = warehouse.cursor().sql("select * from reporting.rpt_receivable_kpis").to_arrow_table().to_pylist()
    assert {row["currency"] for row in rows} >= {"ALL", "EUR"}
    # What only a balance tells of has no day; without it how long payments took is known.
    for name in ("undated_payment_count", "average_payment_days"):
        assert is_tried(any(row[name] for row in rows)), f"nothing tries {name}"
    wrong = []
    for row in rows:
        view, whose = views[row["currency"]]
        for name, value in view.kpis(row["as_of_date"]).items():
            is_exact = isinstance(value, Decimal) or value is None
            if row[name] != (value if is_exact else pytest.approx(value, abs=1e-6, rel=1e-9)):
                wrong.append(f"{name} of {row['as_of_date']} is {row[name]}, not {value}, of {whose}")
    return wrong


def build_streams(batch: list[Stream], home: Path) -> Path:
    """Builds the receivables models of a batch; the database."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for stream in batch:
        for entity, found in stream.rows.items():
            rows[entity] += [row | {"_system": stream.system} for row in found]
        for day in stream.quotes:
            rows["plan.fx_rates"].append({"currency": stream.currency, "rate_date": day, "rate": stream.rate(day)})
    write_raw(home, dict(rows), as_of_date=AS_OF)
    return make(home, ["rpt_receivable_kpis", "rpt_receivable_aging"])


@settings(
    max_examples=2, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(batch=batches())
def test_streams_and_ledger_agree(batch: list[Stream], tmp_path_factory: pytest.TempPathFactory) -> None:
    """One build for a batch; then every balance, bucket and key figure."""
    home: Path = tmp_path_factory.mktemp("streams")
    with duckdb.connect(str(build_streams(batch, home)), read_only=True) as warehouse:
        check_balances(batch, warehouse)
        wrong = kpi_differences(batch, warehouse)
    assert not wrong, f"{len(wrong)} figures differ:\n" + "\n".join(wrong[:3])
