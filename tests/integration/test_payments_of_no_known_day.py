"""A payment that a balance alone tells came by the day of the export: until then nobody knows what was owed, nor when it came.

Three customers. B owes 200, and its payment of 200 has a day. A owes 1,000 from later on; a list of today says that nothing of it
is open. C owes 50 since today. Before A's invoice all is known; from its month to the month before this one neither what is owed nor
what came in is; today 50 is owed, and what came in this month is not known, since the 1,000 may have come before.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.verification.proof import verify
from tests.support.homes import build, query

TODAY = datetime.now(UTC).date()
THIS_MONTH = TODAY.replace(day=1)
OWED_ON, PAID_ON = THIS_MONTH - timedelta(days=130), THIS_MONTH - timedelta(days=125)
ISSUED_ON = THIS_MONTH - timedelta(days=70)


def month_of(day: date) -> date:
    """A day's month."""
    return day.replace(day=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company."""
    made: Path = tmp_path_factory.mktemp("undated")
    (made / "landing").mkdir()
    (made / "landing" / "invoices.csv").write_text(
        "system,invoice_id,customer_id,document_kind,issued_on,due_on,gross_amount,reported_balance,status\n"
        f"books,1,B,invoice,{OWED_ON},{OWED_ON},200,,issued\n"
        f"books,2,A,invoice,{ISSUED_ON},{ISSUED_ON},1000,0,issued\n"
        f"books,3,C,invoice,{TODAY},{TODAY},50,,issued\n"
    )
    (made / "landing" / "payments.csv").write_text(
        f"system,payment_id,customer_id,received_on,amount,status\nbooks,p,B,{PAID_ON},200,received\n"
    )
    (made / "keybook.toml").write_text(
        'base_currency = "EUR"\ndefault_currency = "EUR"\nbusiness_timezone = "UTC"\ndefault_country = "DE"\n'
    )
    proven = ["rpt_receivable_aging", "rpt_account_monthly", "rpt_account_identities", "fct_landed_files"]
    build(made, ["rpt_receivable_kpis", "rpt_statement_lines", *proven], as_of=str(TODAY))
    return made


def test_months_that_it_may_belong_to_are_unknown(home: Path) -> None:
    found = query(
        home, "select month, open_amount, overdue_amount, overdue_ratio, collected, sales from reporting.rpt_receivable_kpis "
        "where currency = 'EUR' order by month",
    )  # fmt: skip
    assert len(found) >= 4
    for month, open_amount, overdue, ratio, collected, sales in found:
        assert sales == {month_of(OWED_ON): 200, month_of(ISSUED_ON): 1000, THIS_MONTH: 50}.get(month, 0)
        if month < month_of(ISSUED_ON):
            came = 200 if month == month_of(PAID_ON) else 0
            assert (open_amount, collected) == (0 if month >= month_of(PAID_ON) else 200, came)
        elif month < THIS_MONTH:
            assert (open_amount, overdue, ratio, collected) == (None, None, None, None)
        else:
            assert (month, open_amount, overdue, collected) == (THIS_MONTH, 50, 0, None)


def test_the_total_is_unknown_as_its_currency_is(home: Path) -> None:
    columns = "month, open_amount, overdue_amount, collected, provision"
    both = [
        query(home, f"select {columns} from reporting.rpt_receivable_kpis where is_total = {is_total} order by month")
        for is_total in ("true", "false")
    ]
    assert both[0] == both[1]


def test_the_statement_says_by_which_day(home: Path) -> None:
    found = query(
        home,
        "select kind, credit, is_dated, occurred_on from reporting.rpt_statement_lines where kind = 'payment' order by credit",
    )
    assert found == [
        ("payment", Decimal(200), True, PAID_ON),
        ("payment", Decimal(1000), False, TODAY),
    ]


def test_the_proof_says_of_the_same_months_that_they_are_unknown(home: Path) -> None:
    with duckdb.connect(str(home / "warehouse" / "keybook.duckdb"), read_only=True) as connection:
        verdicts = [
            verdict for verdict in verify(home / "warehouse" / "raw", connection)
            if verdict.subject in ("balances", "aging", "collected")
        ]  # fmt: skip
    assert {verdict.state for verdict in verdicts} == {"agrees"}
    [months] = [verdict.cells for verdict in verdicts if verdict.table == "rpt_receivable_kpis"]
    # The one in which B paid, and from A's invoice to today.
    assert months == 1 + (THIS_MONTH.year - ISSUED_ON.year) * 12 + THIS_MONTH.month - ISSUED_ON.month + 1
