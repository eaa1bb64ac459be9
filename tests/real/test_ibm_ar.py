"""The accounts-receivable history: ageing as of a past day, against a reckoning from the file alone."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.homes import SHARED, query

JUNE = date(2013, 6, 30)
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120")


@dataclass(frozen=True)
class Line:
    """One invoice as the file has it."""

    customer: str
    number: str
    issued: date
    due: date
    amount: Decimal
    settled: date
    days_late: int


def _date(text: str) -> date:
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    path = SHARED / "ibm_ar" / "WA_Fn-UseC_-Accounts-Receivable.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Line(
                row["customerID"], row["invoiceNumber"], _date(row["InvoiceDate"]), _date(row["DueDate"]),
                Decimal(row["InvoiceAmount"]), _date(row["SettledDate"]), int(row["DaysLate"]),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def _bucket(days: int) -> str:
    for limit, name in (
        (0, "not_due"),
        (30, "days_1_30"),
        (60, "days_31_60"),
        (90, "days_61_90"),
        (120, "days_91_120"),
    ):
        if days <= limit:
            return name
    return "days_over_120"


def test_every_row_is_read(ibm_june: Path) -> None:
    rows = query(ibm_june, "select rows_read, rows_loaded, rows_rejected from reporting.rpt_data_health "
                           "where entity = 'invoices'")  # fmt: skip
    assert rows == [(2466, 2466, 0)]


def test_the_ageing_is_what_the_file_says_as_of_the_day(ibm_june: Path, lines: list[Line]) -> None:
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        if line.issued <= JUNE < line.settled:
            expected[f"ibm_ar:{line.customer}"][_bucket((JUNE - line.due).days)] += line.amount  # type: ignore[assignment]
    found = query(
        ibm_june,
        f"select account_id, {', '.join(BUCKETS)} from reporting.rpt_receivable_aging "
        "where as_of_date = date '2013-06-30' and open_amount != 0",
    )
    assert {row[0]: row[1:] for row in found} == {
        account: tuple(Decimal(buckets[name]) for name in BUCKETS) for account, buckets in expected.items()
    }
    assert len(found) > 50


def test_open_invoices_are_those_settled_after_the_day(ibm_june: Path, lines: list[Line]) -> None:
    expected = {line.number: (JUNE - line.due).days for line in lines if line.issued <= JUNE < line.settled}
    found = query(ibm_june, "select invoice_number, days_overdue from reporting.rpt_open_invoices")
    assert {number: max(days, 0) for number, days in expected.items()} == {
        number: max(days, 0) for number, days in found
    }


def test_the_history_holds_earlier_days_too(ibm_june: Path, lines: list[Line]) -> None:
    day = date(2012, 12, 31)
    expected = sum(line.amount for line in lines if line.issued <= day < line.settled)
    found = query(ibm_june, "select sum(open_amount) from reporting.rpt_receivable_aging where as_of_date = ?", [day])
    assert found == [(expected,)]


def test_nothing_is_open_after_the_last_settlement(ibm_end: Path) -> None:
    assert query(ibm_end, "select count(*) from reporting.rpt_open_invoices") == [(0,)]
    assert query(ibm_end, "select coalesce(sum(open_amount), 0) from reporting.rpt_receivable_aging "
                          "where as_of_date = date '2014-01-31'") == [(0,)]  # fmt: skip


def test_days_late_are_the_files_own(ibm_end: Path, lines: list[Line]) -> None:
    found = query(
        ibm_end,
        "select invoice_number, greatest(settled_on - due_on, 0) from marts.fct_invoices",
    )
    assert dict(found) == {line.number: line.days_late for line in lines}
    assert len(found) == 2466


def test_sales_and_collections_add_up_to_the_file(ibm_end: Path, lines: list[Line]) -> None:
    total = sum(line.amount for line in lines)
    assert total == Decimal("147703.18")
    assert query(
        ibm_end, "select sum(sales), sum(collected) from reporting.rpt_receivable_kpis where currency = 'USD'"
    ) == [(total, total)]


def test_dso_simple_by_hand(ibm_june: Path, lines: list[Line]) -> None:
    window = JUNE - timedelta(days=90)
    open_amount = sum(line.amount for line in lines if line.issued <= JUNE < line.settled)
    sales = sum(line.amount for line in lines if window < line.issued <= JUNE)
    found = query(
        ibm_june,
        "select dso_simple from reporting.rpt_receivable_kpis where currency = 'USD' and month = date '2013-06-01'",
    )
    assert float(found[0][0]) == pytest.approx(float(open_amount / sales * 90), abs=1e-6)
