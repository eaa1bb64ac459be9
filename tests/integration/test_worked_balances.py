"""Two companies of vendors' lists that apply nothing, written by hand, and what a bookkeeper works out of them on paper.

A brewery's supplier in Poole bills by Xero, whose list says what is open and not when anything was paid, sells by Pipedrive,
whose people name their company by its name, and is called by 3CX. A lighting firm in Washington has QuickBooks' lists of
invoices and payments, HubSpot and CallRail, which writes numbers as they are dialled there: without a 0 and without a 1.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.settings import PROJECT
from tests.support.homes import build, once, query

COMPANIES = PROJECT / "tests" / "fixtures" / "companies"
SETTINGS = {"tide": ("GBP", "Europe/London", "GB"), "grove": ("USD", "America/New_York", "US")}
MODELS = [
    "rpt_receivable_aging", "rpt_receivable_kpis", "rpt_accounts", "rpt_concentration", "rpt_revenue_retention", "rpt_open_deals",
    "rpt_sales_monthly", "rpt_call_response", "rpt_missed_calls", "rpt_match_coverage", "rpt_cash_expectations",
    "rpt_forecast_backtest",
]  # fmt: skip
Ask = Callable[..., list[tuple[Any, ...]]]


def asked(tmp_path_factory: pytest.TempPathFactory, name: str) -> Ask:
    def made(home: Any) -> None:
        shutil.copytree(COMPANIES / name, home / "landing")
        base, zone, country = SETTINGS[name]
        (home / "keybook.toml").write_text(
            f'base_currency = "{base}"\ndefault_currency = "{base}"\nbusiness_timezone = "{zone}"\ndefault_country = "{country}"\n'
        )
        build(home, MODELS)

    home = once(tmp_path_factory, name, made)
    return lambda sql, *parameters: query(home, sql, parameters)


@pytest.fixture(scope="module")
def tide(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    return asked(tmp_path_factory, "tide")


@pytest.fixture(scope="module")
def grove(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    return asked(tmp_path_factory, "grove")


# Account: open, overdue, unapplied, and of the open not due, 1-30, 31-60, 61-90, 91-120 and over 120 days overdue.
BALANCES = {
    # 600 of 31 May are due on the day itself.
    "tide": {"Anchor Ales": (1800, 0, 0, 1800, 0, 0, 0, 0, 0), "Bright Barns": (3600, 3600, 0, 0, 0, 0, 0, 0, 3600),
             # A credit note of 120 paid the half of an invoice, one of 60 waits.
             "Coral Cafe": (600, 600, 60, 0, 120, 480, 0, 0, 0)},
    "grove": {"Grove:North": (500, 500, 0, 0, 0, 0, 500, 0, 0), "Hill & Sons": (900, 900, 100, 0, 0, 900, 0, 0, 0),
              # 200 more came in than its invoice, and the newer one is open by its own balance.
              "Ivy Inc": (1250.5, 0, 200, 1250.5, 0, 0, 0, 0, 0)},
}  # fmt: skip


@pytest.mark.parametrize("company", BALANCES)
def test_balances(company: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(company)(
        "select account_name, open_amount, overdue_amount, unapplied_amount, not_due, days_1_30, days_31_60, days_61_90, "
        "days_91_120, days_over_120 from reporting.rpt_receivable_aging "
        "where as_of_date = (select max(as_of_date) from reporting.rpt_receivable_aging)"
    )
    assert {name: tuple(map(float, amounts)) for name, *amounts in found if any(amounts)} == BALANCES[company]


def test_figures_of_debts(tide: Ask, grove: Ask) -> None:
    """R7 by the sales of 90 days; what came in is known by a balance alone, of the one all, of the other Jet's 640."""
    kpis = (
        "select dso_simple, collected, payment_count, undated_payment_count, are_days_unknown "
        "from reporting.rpt_receivable_kpis where is_total and month = ?"
    )
    [[dso, collected, *days]] = tide(kpis, date(2026, 6, 1))
    # April, May and June of Anchor, Barns' 2,400, Cafe's 480 and 240 less notes of 120 and 60.
    assert dso == pytest.approx(6000 / (3600 + 2400 + 480 + 240 - 180) * 90)
    assert (float(collected), *days) == (12 * 1200 + 600 + 2400 + 960, 15, 15, True)
    [[dso, collected, _, *days]] = grove(kpis, date(2026, 4, 1))
    assert dso == pytest.approx(2650.5 / (900 - 100 + 1000 + 1250.5) * 90)
    assert (float(collected), *days) == (1200 + 640, 1, False)
    assert grove("select collected from reporting.rpt_receivable_kpis where is_total and collected <> 0 order by month") == [
        (1500,), (800,), (1500,), (1840,),
    ]  # fmt: skip


def test_a_payment_of_no_day_teaches_no_forecast(tide: Ask, grove: Ask) -> None:
    """R30: the balances of 30 June do not tell that Anchor pays a year late; of who never paid on a known day nothing is foreseen."""
    outcomes = "select outcome, sum(expected_amount) from reporting.rpt_cash_expectations group by outcome"
    assert tide(outcomes) == [("unforeseen", 6000)]
    assert tide("select distinct paid_share, expected_on from reporting.rpt_cash_expectations") == [(None, None)]
    assert sum(amount for _, amount in grove(outcomes)) == Decimal("2650.5")
    assert tide("select coalesce(sum(invoices), 0) from reporting.rpt_forecast_backtest") == [(0,)]


def test_revenue(tide: Ask, grove: Ask) -> None:
    newest = "select revenue, top1_share from reporting.rpt_concentration order by month desc limit 1"
    [[revenue, share]] = tide(newest)
    assert (float(revenue), share) == (18250, pytest.approx(12000 / 18250))
    [[revenue, share]] = grove(newest)
    # Untaxed lists: gross is net. Ivy's 2,250.50 of Jet's 640, Hill's 1,600, Grove's 2,000 and its own.
    assert (float(revenue), share) == (6490.5, pytest.approx(2250.5 / 6490.5))
    [[opening, contraction, nrr]] = tide(
        "select opening_revenue, contraction, nrr from reporting.rpt_revenue_retention where basis = 'invoiced' and month = ?",
        date(2026, 6, 1),
    )  # fmt: skip
    assert (float(opening), float(contraction), nrr) == (1400, 350, 0.75)


def test_deals(tide: Ask, grove: Ask) -> None:
    open_deals = "select deal_name, amount_base, probability from reporting.rpt_open_deals order by 1"
    assert tide(open_deals) == [
        ("Ales cellar", 10000, 0.5), ("Barn doors", 4000, None), ("Deli counter", None, 0.2), ("Euro stand", None, 0.8),
    ]  # fmt: skip
    assert grove(open_deals) == [("Grove patio", 8000, 0.9), ("Hill lamps", None, 0.2), ("Ivy garden", 2500, 0.4)]
    closed = "select sum(won), sum(lost), sum(won_amount), sum(lost_amount) from reporting.rpt_sales_monthly"
    assert tide(closed) == [(2, 1, 6900, 1500)]
    assert grove(closed) == [(1, 1, 900, 1200)]
    # Of what is not all known nobody can say what share of it reached an account.
    shares = "select matched_share from reporting.rpt_match_coverage where source = 'ALL' and measure = ?"
    assert [tide(shares, measure) for measure in ("open_pipeline", "won_deals")] == [[(None,)], [(1.0,)]]


def test_calls_reach_the_accounts_whose_people_have_the_number(tide: Ask, grove: Ask) -> None:
    """K2 to K5, and whose calls they are: by the name of a person's company, and by a number as it is dialled at home."""
    sums = "select sum(inbound), sum(answered), sum(missed) - sum(out_of_hours), sum(voicemail), sum(abandoned), sum(out_of_hours) from reporting.rpt_call_response"
    assert tide(sums) == [(7, 2, 3, 0, 1, 1)]
    assert grove(sums) == [(6, 2, 1, 1, 1, 1)]
    # 3CX calls the second one "Reef, Ben".
    agents = (
        "select distinct agent_name from reporting.rpt_call_response where employee_id like 'pipedrive:%' order by 1"
    )
    assert tide(agents) == [("Ada Moor",), ("Ben Reef",)]
    cases = "select account_name, state, callback_minutes from reporting.rpt_missed_calls order by started_at"
    assert tide(cases) == [
        ("Bright Barns", "handled", 75), ("Coral Cafe", "handled", 45), ("Anchor Ales", "not_handled", None), (None, "open", None),
    ]  # fmt: skip
    # Called again after three working days less five hours.
    assert grove(cases) == [
        ("Hill & Sons", "handled_late", 1380),
        (None, "not_handled", None),
        (None, "not_handled", None),
    ]
