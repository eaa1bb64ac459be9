"""The proof's ledger on a few rows, each case written from its definition in docs/decisions.md."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.verification.rates import Rates
from pipelines.verification.receivables import balances
from pipelines.verification.rows import LandedFile, Raw, Run
from tests.support.raw_rows import files_of, write_raw
from tests.unit.test_verification_ledger import owed, parameters, totals

OLD, NEW = "a" * 64, "b" * 64
INVOICE = {
    "document_kind": "invoice",
    "status": "issued",
    "currency": "EUR",
    "customer_id": "c",
    "due_on": "2024-01-31",
}
PAYMENT = {"status": "received", "currency": "EUR", "customer_id": "c"}


def invoice(name: str, gross: int, issued: str, **said: Any) -> dict[str, Any]:
    """An invoice; with `document_kind` another document."""
    return INVOICE | {"invoice_id": name, "issued_on": issued, "gross_amount": gross} | said


def payment(name: str, amount: int | None, came: str, **said: Any) -> dict[str, Any]:
    return PAYMENT | {"payment_id": name, "received_on": came, "amount": amount} | said


class Told:
    """What the proof makes of rows: balances of a day, and the cash up to it."""

    def __init__(
        self, home: Path, rows: dict[str, list[Any]], files: list[LandedFile] | None = None, one_account: bool = False
    ) -> None:
        """Writes the rows; of `files` each is one export of them, otherwise they are parts."""
        self.accounts = {f"test:{customer}": "one" for customer in ("7", "8", "9")} if one_account else {}
        self.folder = home / "warehouse" / "raw"
        write_raw(home, rows)
        self.files = files or files_of(self.folder)

    def on(self, *day: int) -> tuple[Decimal, Decimal, Decimal]:
        """Open, unapplied and collected at the end of a day of 2024."""
        at = date(2024, *day)
        raw = Raw(self.folder, Run(at, "EUR", "EUR", "UTC", "SE", 31), parameters(), self.files)
        whole, books = owed(raw, self.accounts)
        assert totals(owed(raw, self.accounts, 1)[0]) == totals(whole)
        found = balances(books, at)
        cash = sum((amount for *_, on, amount in books.cash if on <= at), Decimal(0))
        return sum(found["open_amount"].values()), sum(found["unapplied_amount"].values()), cash  # type: ignore[return-value]


def exports(entity: str, kind: str, rows_before: int) -> list[LandedFile]:
    """An export of 31 January, and one of 1 March that may hold less."""
    return [
        LandedFile(sha, "test", "test", entity, name, kind, rows, rows, datetime(2024, month, day, tzinfo=UTC))
        for sha, name, rows, month, day in ((OLD, "old.csv", rows_before, 1, 31), (NEW, "new.csv", 2, 3, 1))
    ]


def exported(row: dict[str, Any], sha: str) -> dict[str, Any]:
    known = "2024-01-31T00:00:00Z" if sha == OLD else "2024-03-01T00:00:00Z"
    return row | {"_source": "test", "_file_sha256": sha, "_known_at": known, "_loaded_at": known}


@pytest.mark.parametrize(
    ("kind", "rows_before", "later"),
    [
        ("full", 2, (110, 0, 0)), ("partial", 2, (150, 0, 0)), ("open_items", 5, (150, 0, 0)), ("open_items", 2, (110, 0, 40)),
    ],
    ids=["void", "of a part nothing is gone", "less than half is a part", "paid"],
)  # fmt: skip
def test_a_document_that_its_newest_export_no_longer_holds(
    tmp_path: Path, kind: str, rows_before: int, later: tuple[int, ...]
) -> None:
    """40 stood in the export of January and not in that of March: it is owed until March, and then is void, or paid."""
    kept, gone = invoice("kept", 100, "2024-01-10"), invoice("gone", 40, "2024-01-12")
    rows = [
        exported(kept, OLD),
        exported(gone, OLD),
        exported(kept, NEW),
        exported(invoice("new", 10, "2024-03-01"), NEW),
    ]
    told = Told(tmp_path, {"billing.invoices": rows}, exports("billing.invoices", kind, rows_before))
    assert told.on(2, 29) == (140, 0, 0)
    assert told.on(3, 1) == later


def test_what_is_deleted_was_owed_until_then(tmp_path: Path) -> None:
    """The row that says so has a key alone; of an earlier day the older one tells, also where all exports have its columns."""
    deleted = exported({"invoice_id": "1", "_deleted": True}, NEW)
    rows = [exported(invoice("1", 100, "2024-01-10"), OLD), deleted, exported(invoice("2", 10, "2024-03-01"), NEW)]
    told = Told(tmp_path, {"billing.invoices": rows})
    assert (told.on(2, 29), told.on(3, 1)) == ((100, 0, 0), (10, 0, 0))


def test_an_export_that_lacks_much_takes_nothing_away_also_where_it_is_read_in_parts(tmp_path: Path) -> None:
    """Nine of ten are not there any more: a filtered view, of which no part tells that it is one."""
    rows = [exported(invoice(f"{name}", 10, "2024-01-10"), OLD) for name in range(10)]
    rows += [exported(invoice("0", 10, "2024-01-10"), NEW), exported(invoice("new", 10, "2024-03-01"), NEW)]
    told = Told(tmp_path, {"billing.invoices": rows}, exports("billing.invoices", "full", 10))
    assert (told.on(2, 29), told.on(3, 1)) == ((100, 0, 0), (110, 0, 0))


def test_what_a_document_that_is_given_anew_replaces_counts_no_longer_also_in_parts(tmp_path: Path) -> None:
    """Ten applications of a payment, whose rows have no key of their own, and two of its newer export."""
    paid = {"payment_id": "p", "invoice_id": "1", "applied_on": "2024-01-20", "_replaces": "p"}
    applied = [exported(paid | {"application_id": f"old-{number}", "amount": 6}, OLD) for number in range(10)]
    applied += [exported(paid | {"application_id": f"new-{number}", "amount": 15}, NEW) for number in range(2)]
    rows = {
        "billing.invoices": [invoice("1", 100, "2024-01-10")], "billing.payments": [payment("p", 60, "2024-01-20")],
        "billing.applications": applied,
    }  # fmt: skip
    assert Told(tmp_path, rows).on(3, 1) == (70, 30, 60)


def test_a_payment_that_its_newest_export_no_longer_holds_never_came(tmp_path: Path) -> None:
    rows = [exported(payment("gone", 60, "2024-01-20"), OLD), exported(payment("kept", 30, "2024-01-25"), OLD)]
    rows += [exported(payment("kept", 30, "2024-01-25"), NEW), exported(payment("new", 5, "2024-03-01"), NEW)]
    told = Told(tmp_path, {"billing.payments": rows}, exports("billing.payments", "full", 2))
    assert (told.on(2, 29), told.on(3, 1)) == ((0, 30, 30), (0, 35, 35))


@pytest.mark.parametrize(
    ("paid", "before", "after"),
    [(50, (50, 0, 50), (30, 0, 70)), (90, (10, 0, 90), (30, 20, 90)), (0, (100, 0, 0), (30, 0, 70))],
    ids=["the rest came unseen", "no more than it leaves", "all came unseen"],
)
def test_a_reported_balance_is_what_is_left(
    tmp_path: Path, paid: int, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    """Of 100 the export of 1 March calls 30 open: the day before, nobody knew, and all that had come had paid."""
    rows: dict[str, list[Any]] = {
        "billing.invoices": [
            invoice("i", 100, "2024-01-10", reported_balance=30, _known_at="2024-03-01T00:00:00Z"),
            invoice("o", 0, "2024-03-01", customer_id="other"),
        ]
    }
    if paid:
        rows["billing.payments"] = [payment("p", paid, "2024-02-01")]
    told = Told(tmp_path, rows)
    assert told.on(2, 29) == before
    assert told.on(3, 1) == after


@pytest.mark.parametrize(
    ("said", "others", "before", "after"),
    [
        ({"settled_on": "2024-03-10"}, [], (0, 30, 0), (0, 0, -30)),
        ({"settled_on": "2024-03-10", "customer_id": None}, [], (0, 30, 0), (0, 0, -30)),
        ({"reported_balance": 12, "_known_at": "2024-03-10T00:00:00Z"}, [], (0, 30, 0), (0, 12, -18)),
        ({"settled_on": "2024-03-10"}, [invoice("i", 100, "2024-01-10")], (70, 0, 0), (70, 0, 0)),
        # Paid by 100 that came in unseen, 30 of which was the note.
        ({"settled_on": "2024-03-10", "issued_on": "2024-03-05"}, [invoice("i", 100, "2024-01-10", settled_on="2024-01-20")], (0, 30, 100), (0, 0, 70)),
        ({}, [], (0, 30, 0), (0, 30, 0)),
    ],
    ids=["settled", "of nobody", "what its balance leaves", "it pays what is owed", "of what was paid before", "not told"],
)  # fmt: skip
def test_a_credit_note_that_its_export_calls_used_up(
    tmp_path: Path, said: dict[str, Any], others: list[Any], before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    note = invoice("n", 30, "2024-02-01", document_kind="credit_note") | said
    told = Told(tmp_path, {"billing.invoices": [note, invoice("o", 0, "2024-04-30", customer_id="other"), *others]})
    assert told.on(3, 9) == before
    assert told.on(4, 30) == after


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # Of the debt that the second invoice is, 60 had been paid.
        ({"adjustment_kind": "refund", "invoice_id": "2", "amount": 60}, (60, 0, 100)),
        ({"adjustment_kind": "chargeback", "invoice_id": "2", "payment_id": "p", "amount": 60}, (60, 0, 100)),
        # 26 of the payment, whatever stands beside it.
        ({"adjustment_kind": "reversal", "invoice_id": "draft", "payment_id": "p", "amount": 26}, (26, 0, 134)),
        # Of a credit note of 50, which had paid nothing.
        ({"adjustment_kind": "reversal", "invoice_id": "n", "amount": 50}, (0, -50, 160)),
        ({"adjustment_kind": "reversal", "amount": 50}, (0, 0, 160)),
        ({"adjustment_kind": "chargeback", "invoice_id": "2", "payment_id": "blank", "amount": 60}, (0, 0, 160)),
    ],
    ids=[
        "of an invoice",
        "of both",
        "beside a draft",
        "of a credit note",
        "of nothing",
        "of a payment without an amount",
    ],
)
def test_what_is_taken_back(tmp_path: Path, said: dict[str, Any], expected: tuple[int, ...]) -> None:
    """Invoices of 100 and 60, and a payment of 160; a draft and a credit note are another customer's."""
    told = Told(
        tmp_path,
        {
            "billing.invoices": [
                invoice("1", 100, "2024-01-01"), invoice("2", 60, "2024-01-05"),
                invoice("draft", 26, "2024-01-05", status="draft", customer_id="other"),
                invoice("n", 50, "2024-01-05", document_kind="credit_note", customer_id="other"),
            ],
            "billing.payments": [payment("p", 160, "2024-01-20"), payment("blank", None, "2024-01-20")],
            "billing.adjustments": [{"adjustment_id": "a", "currency": "EUR", "occurred_on": "2024-03-01", "customer_id": "c"} | said],
        },
    )  # fmt: skip
    opened, unapplied, cash = expected
    assert told.on(2, 29) == (0, 50, 160)
    assert told.on(3, 1) == (opened, unapplied + 50, cash)


def test_what_is_taken_back_of_another_currencys_payment(tmp_path: Path) -> None:
    """110 dollars paid 100 euros, and no rate is known: 50 euros back are 55 dollars, of 80 more 50 are left."""
    back = {"invoice_id": "1", "payment_id": "p", "currency": "EUR", "customer_id": "c"}
    told = Told(
        tmp_path,
        {
            "billing.invoices": [invoice("1", 100, "2024-01-01")],
            "billing.payments": [payment("p", 110, "2024-01-20", currency="USD")],
            "billing.applications": [
                {"application_id": "a", "payment_id": "p", "invoice_id": "1", "applied_on": "2024-01-20", "amount": 100,
                 "payment_amount": 110}
            ],
            "billing.adjustments": [
                back | {"adjustment_id": "j", "adjustment_kind": "refund", "occurred_on": "2024-03-01", "amount": 50},
                back | {"adjustment_id": "k", "adjustment_kind": "chargeback", "occurred_on": "2024-03-02", "amount": 80},
            ],
        },
    )  # fmt: skip
    assert [told.on(2, 29), told.on(3, 1), told.on(3, 2)] == [(0, 0, 110), (50, 0, 55), (100, 0, 0)]


def test_what_an_exchange_gave_is_posted_in_four_decimals(tmp_path: Path) -> None:
    """A cent of a dollar invoice took 0.0063 euros of the payment, and not 0.00625: 30 dollars back are 18.90 of it."""
    told = Told(
        tmp_path,
        {
            "plan.fx_rates": [{"currency": "USD", "rate_date": "2024-01-20", "rate": Decimal("0.625")}],
            "billing.invoices": [invoice("1", 60, "2024-01-01", currency="USD")],
            "billing.payments": [payment("p", Decimal("33.33"), "2024-01-20")],
            "billing.applications": [
                {"application_id": "a", "payment_id": "p", "invoice_id": "1", "applied_on": "2024-01-20", "amount": Decimal("0.01")}
            ],
            "billing.adjustments": [
                {"adjustment_id": "j", "adjustment_kind": "chargeback", "occurred_on": "2024-01-25", "amount": 30, "currency": "USD",
                 "invoice_id": "1", "payment_id": "p", "customer_id": "c"}
            ],
        },
    )  # fmt: skip
    assert told.on(1, 25) == (60, Decimal("14.43"), Decimal("14.43"))


def test_a_write_off_is_worth_what_it_was_on_its_own_day(tmp_path: Path) -> None:
    """Written off in dollars while nobody knew what they are worth, a month before the invoice: that is a finding."""
    told = Told(
        tmp_path,
        {
            "plan.fx_rates": [{"currency": "USD", "rate_date": "2024-02-05", "rate": 1}],
            "billing.invoices": [invoice("1", 10, "2024-02-05")],
            "billing.adjustments": [
                {"adjustment_id": "j", "adjustment_kind": "write_off", "occurred_on": "2024-01-05", "amount": 10, "currency": "USD",
                 "invoice_id": "1", "customer_id": "c"}
            ],
        },
    )  # fmt: skip
    assert told.on(2, 29) == (10, 0, 0)


def test_of_opening_balances_the_first_is_the_debt(tmp_path: Path) -> None:
    rows = [{"customer_id": "c", "currency": "EUR", "as_of": day, "amount": amount}
            for day, amount in (("2024-03-01", 700), ("2024-01-01", 500))]  # fmt: skip
    told = Told(tmp_path, {"billing.opening_balances": rows})
    assert (told.on(1, 1), told.on(3, 2)) == ((500, 0, 0), (500, 0, 0))


def test_a_settled_document_of_a_customer_whose_payments_are_applied_is_paid(tmp_path: Path) -> None:
    """160 came, of which 100 is applied: the 60 pays what was settled, of which 40 came in unseen; a third waits."""
    invoices = [invoice("1", 100, "2024-01-01"), invoice("2", 100, "2024-01-01", settled_on="2024-02-10")]
    rows = {
        "billing.invoices": [*invoices, invoice("3", 50, "2024-01-01")],
        "billing.payments": [payment("p", 160, "2024-01-20")],
        "billing.applications": [
            {"application_id": "a", "payment_id": "p", "invoice_id": "1", "applied_on": "2024-01-20", "amount": 100}
        ],
    }
    told = Told(tmp_path, rows)
    assert told.on(1, 19) == (250, 0, 0)
    assert told.on(3, 31) == (50, 0, 200)


@pytest.mark.parametrize(
    ("owing", "paid", "back"),
    [("7", (0, 0, 100), (30, 0, 70)), ("79", (200, 100, 100), (200, 70, 70))],
    ids=["of one that owes", "of two that owe it waits"],
)
def test_who_pays_under_another_number(
    tmp_path: Path, owing: str, paid: tuple[int, ...], back: tuple[int, ...]
) -> None:
    rows = {
        "billing.invoices": [invoice(f"i{number}", 100, "2024-01-01", customer_id=number) for number in owing],
        "billing.payments": [payment("p", 100, "2024-01-20", customer_id="8")],
        "billing.adjustments": [
            {"adjustment_id": "a", "adjustment_kind": "chargeback", "payment_id": "p", "amount": 30, "currency": "EUR",
             "occurred_on": "2024-03-01"}
        ],
    }  # fmt: skip
    told = Told(tmp_path, rows, one_account=True)
    assert (told.on(2, 29), told.on(3, 1)) == (paid, back)


def test_who_pays_under_another_number_what_applications_say(tmp_path: Path) -> None:
    """Of 100 of number 8, 40 is put on a third's 60: number 7's debt is for other money.

    Of 70 charged back, 40 had paid that; of 60 applied later, 30 are left.
    """
    applied = {"payment_id": "p", "invoice_id": "third"}
    rows: dict[str, list[Any]] = {
        "billing.invoices": [
            invoice("i7", 100, "2024-01-01", customer_id="7"), invoice("third", 60, "2024-01-01", customer_id="other"),
        ],
        "billing.payments": [payment("p", 100, "2024-01-20", customer_id="8")],
        "billing.applications": [
            applied | {"application_id": "a", "applied_on": "2024-01-20", "amount": 40},
            applied | {"application_id": "b", "applied_on": "2024-03-10", "amount": 60},
        ],
        "billing.adjustments": [
            {"adjustment_id": "j", "adjustment_kind": "chargeback", "payment_id": "p", "amount": 70, "currency": "EUR",
             "occurred_on": "2024-03-01", "customer_id": "8"},
        ],
    }  # fmt: skip
    told = Told(tmp_path, rows, one_account=True)
    assert [told.on(2, 29), told.on(3, 1), told.on(3, 10)] == [(120, 60, 100), (160, 30, 30), (130, 0, 30)]
    # What is refunded to number 8 that names nothing is of what it pays, once no application speaks of it.
    rows |= {"billing.applications": []}
    rows["billing.adjustments"] = [
        row | {"payment_id": None, "adjustment_kind": "refund"} for row in rows["billing.adjustments"]
    ]
    told = Told(tmp_path / "refunded", rows, one_account=True)
    assert [told.on(2, 29), told.on(3, 1)] == [(60, 0, 100), (130, 0, 30)]


def test_the_middle_rate_of_a_days_documents_counts(tmp_path: Path) -> None:
    given = enumerate(("1.10", "11.2", "1.12"))
    rows = [invoice(str(place), 1, "2024-01-10", currency="USD", exchange_rate=rate) for place, rate in given]
    folder = write_raw(tmp_path, {"billing.invoices": rows}).root
    raw = Raw(folder, Run(date(2024, 1, 31), "EUR", "EUR", "UTC", "SE", 31), parameters(), files_of(folder))
    assert Rates(raw).on("USD", date(2024, 1, 20)) == Decimal("1.12")


@pytest.mark.parametrize(
    ("books", "rate"),
    [
        ([("USD", "1")], None), ([("EUR", "1.1")], None), ([("EUR", "1")], "0.9"), ([], "0.9"),
        ([("EUR", "1"), ("EUR", "1"), ("EUR", "11"), ("USD", "1")], "0.9"),
    ],
)  # fmt: skip
def test_a_rate_of_books_in_another_currency_says_nothing_of_ours(
    tmp_path: Path, books: list[tuple[str, str]], rate: str | None
) -> None:
    rows = [invoice("1", 1, "2024-01-10", currency="GBP", exchange_rate="0.9")]
    for number, (currency, worth) in enumerate(books, start=2):
        rows.append(invoice(str(number), 1, "2024-01-05", currency=currency, exchange_rate=worth))
    folder = write_raw(tmp_path, {"billing.invoices": rows}).root
    raw = Raw(folder, Run(date(2024, 1, 31), "EUR", "EUR", "UTC", "SE", 31), parameters(), files_of(folder))
    rates = Rates(raw)
    assert rates.on("GBP", date(2024, 1, 20)) == (rate and Decimal(rate))
    # What is always called 1 is no rate.
    assert rates.on("USD", date(2024, 1, 20)) is None


def test_a_quote_that_is_young_enough_goes_before_a_rate_on_a_document(tmp_path: Path) -> None:
    """Quoted once a week, a document of the day between is at the week's rate; at its own once that is too old."""
    invoices = [
        {"_system": "s", "invoice_id": str(day), "issued_on": day, "currency": "SEK", "exchange_rate": 0.2,
         "gross_amount": 1}
        for day in (date(2026, 1, 6), date(2026, 3, 1))
    ]  # fmt: skip
    quotes = [{"_system": "s", "currency": "SEK", "rate_date": date(2026, 1, 5), "rate": 0.1}]
    write_raw(tmp_path, {"plan.fx_rates": quotes, "billing.invoices": invoices})
    folder = tmp_path / "warehouse" / "raw"
    rates = Rates(Raw(folder, Run(date(2026, 5, 1), "EUR", "EUR", "UTC", "SE", 31), {}, files_of(folder)))
    days = (date(2026, 1, 4), date(2026, 1, 6), date(2026, 2, 5), date(2026, 2, 6), date(2026, 3, 2), date(2026, 4, 2))
    found = [rates.on("SEK", day) for day in days]
    assert found == [None, Decimal("0.1"), Decimal("0.1"), Decimal("0.2"), Decimal("0.2"), None]
