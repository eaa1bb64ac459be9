"""A company of two firms, written by hand in six vendors' formats, and what a bookkeeper works out of it on paper.

A boatyard bills by Stripe in euros and dollars, of which no rate is known from 3 to 16 March, with a trial that ends after the
books do, a refund of what was paid, a write-off, a deposit and cash of people whom nobody knows. Its sister bills by ERPNext:
two months, credit notes and payments without applications, a prepayment, a refund, a payment that bounced.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import PROJECT
from tests.support.homes import build, once, query

EXPORTS = PROJECT / "tests" / "fixtures" / "companies" / "quay"
MODELS = [
    "rpt_receivable_aging", "rpt_receivable_kpis", "rpt_account_monthly", "rpt_revenue_retention", "rpt_open_deals", "rpt_pipeline",
    "rpt_sales_monthly", "rpt_call_response", "rpt_missed_calls", "rpt_match_coverage", "rpt_unmatched",
]  # fmt: skip
SETTINGS = """base_currency = "EUR"
default_currency = "EUR"
business_timezone = "Europe/Stockholm"
default_country = "SE"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def made(home: Path) -> None:
        shutil.copytree(EXPORTS, home / "landing")
        (home / "keybook.toml").write_text(SETTINGS)
        build(home, MODELS)

    return once(tmp_path_factory, "quay", made)


Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def ask(home: Path) -> Ask:
    return lambda sql, *parameters: query(home, sql, parameters)


def test_a_trial_that_ends_later_is_not_the_day(ask: Ask) -> None:
    """The newest call is of 31 March, the trial ends on 20 April."""
    assert ask("select as_of_date from intermediate.int_run_dated") == [(date(2026, 3, 31),)]


# Day, customer, currency: open, overdue, unapplied, and of the open not due, 1-30, 31-60 and 61-90 days overdue.
BALANCES = {
    # S-3 alone is open, 12 days; 25 of the deposit of 40 were left, which was for no invoice: each other payment names its own.
    ("2026-03-31", "Alder Boatyard AB", "EUR"): (1250, 1250, 25, 0, 1250, 0, 0),
    # 300 of S-4 since 50 days, 600 of S-5 until April.
    ("2026-03-31", "Birch Bakery Inc", "USD"): (900, 300, 0, 600, 0, 300, 0),
    # Paid on its day, given back on 15 March: owed again, 49 days.
    ("2026-03-31", "Delta Diving", "EUR"): (120, 120, 0, 0, 0, 120, 0),
    ("2026-03-31", "eve@stray.example.com", "EUR"): (0, 0, 75, 0, 0, 0, 0),
    ("2026-03-31", "No customer given", "USD"): (0, 0, 90, 0, 0, 0, 0),
    # The payment of S2 bounced; a credit note of 120 waits.
    ("2026-03-31", "Fjord Supplies", "EUR"): (600, 600, 120, 0, 0, 600, 0),
    # 360 of S3 since 61 days, S4 and S10 since 17.
    ("2026-03-31", "Gable & Co", "EUR"): (732, 732, 0, 0, 372, 0, 360),
    # 500 ahead, 300 of it for S5, 100 given back.
    ("2026-03-31", "Hazel Ltd", "EUR"): (0, 0, 100, 0, 0, 0, 0),
    ("2026-03-31", "Iris GmbH", "EUR"): (240, 240, 0, 0, 0, 240, 0),
    # Half of February: Cedar's invoice is not written off yet. S2 is open by its own balance, so that the 600 that bounced three days
    # later waited beside the credit note: what they were for, nothing says.
    ("2026-02-15", "Alder Boatyard AB", "EUR"): (1250, 0, 25, 1250, 0, 0, 0),
    ("2026-02-15", "Birch Bakery Inc", "USD"): (500, 500, 0, 0, 500, 0, 0),
    ("2026-02-15", "Cedar Clinic", "EUR"): (400, 400, 0, 0, 400, 0, 0),
    ("2026-02-15", "Fjord Supplies", "EUR"): (600, 0, 720, 600, 0, 0, 0),
    ("2026-02-15", "Gable & Co", "EUR"): (720, 360, 0, 360, 360, 0, 0),
    ("2026-02-15", "Hazel Ltd", "EUR"): (0, 0, 500, 0, 0, 0, 0),
    ("2026-02-15", "Iris GmbH", "EUR"): (240, 240, 0, 0, 240, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("day", ["2026-03-31", "2026-02-15"])
def test_balances(ask: Ask, day: str) -> None:
    found = ask(
        "select account_name, currency, open_amount, overdue_amount, unapplied_amount, not_due, days_1_30, days_31_60, days_61_90 "
        "from reporting.rpt_receivable_aging where as_of_date = cast(? as date)", day,
    )  # fmt: skip
    assert {(day, name, currency): tuple(amounts) for name, currency, *amounts in found if any(amounts)} == {
        key: amounts for key, amounts in BALANCES.items() if key[0] == day
    }


# Month: open, overdue, unapplied, collected, sold and written off in base currency; dollars at 0.9, in March at 0.8.
TOTALS = {
    # 1,250 less nothing, and Hazel's 500 ahead.
    1: (850 + 3000, 960, 500, 1250 + 500, 2100 + 3000, 0),
    # Dollars: 200 at the rate of 31 January, which is 20 days old. The refund of 15 and of 100, the 600 that bounced.
    2: (2220 + 1572, 1920 + 1200, 25 + 220, 120 + 25 + 180 + 1700, 1670 + 552, 0),
    # The 90 dollars of 14 March have no rate; on 31 March they have.
    3: (2090 + 1572, 1610 + 1572, 172 + 220, 1250 + 75 - 120, 1250 - 300 + 480, 400),
}


@pytest.mark.parametrize("month", TOTALS)
def test_totals(ask: Ask, month: int) -> None:
    [found] = ask(
        "select open_amount, overdue_amount, unapplied_amount, collected, sales, written_off from reporting.rpt_receivable_kpis "
        "where is_total and month = ?", date(2026, month, 1),
    )  # fmt: skip
    assert found == TOTALS[month]


def test_days_of_sales(ask: Ask) -> None:
    """R7 wants 90 days, of which 86 are on record. R8 of the boatyard's dollars: 600 in March and 300 of January's 500."""
    [[simple, countback]] = ask(
        "select dso_simple, dso_countback from reporting.rpt_receivable_kpis "
        "where currency = 'USD' and as_of_date = date '2026-03-31'"
    )
    assert simple is None
    # 21 days of January, from the 11th on, 28 and 31, and three fifths of the 10th.
    assert countback == pytest.approx(21 + 28 + 31 + 0.6)


def test_revenue_and_retention(ask: Ask) -> None:
    """Net of tax by document. A month of nothing but a credit note closes at nothing (V4), who returns within three months is new."""
    found = ask(
        "select opening_revenue, new, contraction, churned, closing_revenue, net_revenue, is_complete "
        "from reporting.rpt_revenue_retention where basis = 'invoiced' order by month"
    )
    assert found == [
        (0, 4350, 0, 0, 4350, 4350, True),
        # Alder stays with 1,000, Gable has 310 of 800; Birch, Cedar, Iris and Fjord are gone, Delta and Hazel are new.
        (4350, 96 + 250, 490, 450 + 400 + 200 + 1500, 1000 + 310 + 96 + 250, 1556, True),
        # ERPNext's books end in February: March is not complete.
        (1656, 480, 0, 96 + 310 + 250, 1480, 1480, False),
    ]


def test_recurring_revenue(ask: Ask) -> None:
    """V2: 1,000, a year of 6,000 dollars as 500 a month, 96 until 15 March. The trial is worth nothing yet."""
    found = ask(
        "select month, opening_revenue, new, churned, closing_revenue, opening_accounts, closing_accounts, nrr "
        "from reporting.rpt_revenue_retention where basis = 'mrr' and month >= date '2026-02-01' order by month"
    )
    assert [row[:-1] for row in found] == [
        (date(2026, 2, 1), 1000, 546, 0, 1546, 1, 3),
        # The dollars of February at March's rate.
        (date(2026, 3, 1), 1000 + 400 + 96, 0, 96, 1400, 3, 2),
    ]
    assert found[1][-1] == pytest.approx(1400 / 1496)


def test_deals(ask: Ask) -> None:
    """P8: what has no amount, rate or probability is counted, and no nought."""
    found = ask(
        "select deal_name, amount_base, probability, missing_rate_count from reporting.rpt_open_deals order by 1"
    )
    assert found == [
        ("Bakery chain", 6400, 0.9, 0), ("Estate gate", None, 0.6, 0), ("Fjord racks", 12000, 0.5, 0),
        ("Iris show", None, 0.8, 1), ("Jade start", None, None, 0), ("Second berth", 5000, 0.2, 0),
    ]  # fmt: skip
    found = ask(
        "select as_of_date, sum(open_deals), sum(open_amount), sum(weighted_amount), sum(missing_amount_count) "
        "from reporting.rpt_pipeline where as_of_date in (date '2026-02-15', date '2026-03-31') group by 1 order by 1"
    )
    assert [tuple(row) for row in found] == [
        # Second berth, the clinic's 1,000, the oven of 700 dollars, racks, show and start; what became of two nobody knew.
        (date(2026, 2, 15), 6, 5000 + 1000 + 630 + 12000, 1000 + 6000, 1),
        (date(2026, 3, 31), 6, 6400 + 12000 + 5000, 5760 + 6000 + 1000, 2),
    ]
    found = ask(
        "select month, sum(won), sum(lost), sum(won_amount), sum(lost_amount), sum(created) from reporting.rpt_sales_monthly "
        "group by 1 order by 1"
    )
    # Dive club, the oven of 700 dollars at 0.9 and Gable's roof; Hazel's hedge. In March the clinic.
    assert found == [
        (date(2026, 1, 1), 0, 0, 0, 0, 2 + 3), (date(2026, 2, 1), 3, 1, 1152 + 630 + 3000, 900, 2 + 2), (date(2026, 3, 1), 0, 1, 0, 1000, 2),
    ]  # fmt: skip


def test_calls(ask: Ask) -> None:
    """K2 to K5: one of five in opening hours was answered, one caller gave up early, one called at night."""
    [found] = ask(
        "select sum(inbound), sum(answered), sum(missed) - sum(out_of_hours), sum(abandoned), sum(out_of_hours) "
        "from reporting.rpt_call_response"
    )
    assert found == (7, 1, 4, 1, 1)
    # The second one rang at 16:30 in Stockholm and was called back at 9:30.
    cases = ask("select state, callback_minutes from reporting.rpt_missed_calls order by started_at")
    assert cases == [
        ("handled", 40), ("handled", 60), ("not_handled", None), ("not_handled", None), ("number_withheld", None),
    ]  # fmt: skip
