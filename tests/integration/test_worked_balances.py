"""Companies of vendors' lists that apply nothing, written by hand, and what a bookkeeper works out of them on paper.

A brewery's supplier in Poole bills by Xero, whose list says what is open and not when anything was paid, sells by Pipedrive,
whose people name their company by its name, and is called by 3CX. A lighting firm in Washington has QuickBooks' lists of
invoices and payments, HubSpot and CallRail, which writes numbers as they are dialled there: without a 0 and without a 1.
A joiner in Lyon bills in euros and francs by Odoo, in French, whose balances are in euros alone, and telephones in browsers,
by Twilio. A service firm in Stuttgart has DATEV's list of open items, Salesforce and an Asterisk.
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
SETTINGS = {
    "tide": ("GBP", "Europe/London", "GB"), "grove": ("USD", "America/New_York", "US"), "brume": ("EUR", "Europe/Paris", "FR"),
    "kessler": ("EUR", "Europe/Berlin", "DE"),
}  # fmt: skip
MODELS = [
    "rpt_receivable_aging", "rpt_receivable_kpis", "rpt_accounts", "rpt_concentration", "rpt_revenue_retention", "rpt_open_deals",
    "rpt_sales_monthly", "rpt_call_response", "rpt_missed_calls", "rpt_match_coverage", "rpt_cash_expectations",
    "rpt_forecast_backtest", "rpt_match_proposals", "rpt_landing_findings",
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


@pytest.fixture(scope="module")
def brume(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    return asked(tmp_path_factory, "brume")


@pytest.fixture(scope="module")
def kessler(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    return asked(tmp_path_factory, "kessler")


# Account: open, overdue, unapplied, and of the open not due, 1-30, 31-60, 61-90, 91-120 and over 120 days overdue.
BALANCES = {
    # 600 of 31 May are due on the day itself.
    "tide": {"Anchor Ales": (1800, 0, 0, 1800, 0, 0, 0, 0, 0), "Bright Barns": (3600, 3600, 0, 0, 0, 0, 0, 0, 3600),
             # A credit note of 120 paid the half of an invoice, one of 60 waits.
             "Coral Cafe": (600, 600, 60, 0, 120, 480, 0, 0, 0)},
    "grove": {"Grove:North": (500, 500, 0, 0, 0, 0, 500, 0, 0), "Hill & Sons": (900, 900, 100, 0, 0, 900, 0, 0, 0),
              # 200 more came in than its invoice, and the newer one is open by its own balance.
              "Ivy Inc": (1250.5, 0, 200, 1250.5, 0, 0, 0, 0, 0)},
    # Of 1,900 francs the half is open, as of the 2,000 euros that they were; a credit note of 120 waits.
    "brume": {"Boulangerie Eclat": (600.6, 600.6, 120, 0, 0, 0, 0, 0, 600.6), "Hotel du Leman": (4950, 4950, 0, 0, 950, 0, 0, 4000, 0),
              "Dupont et Fils": (460, 460, 0, 0, 0, 460, 0, 0, 0), "Dupont & Filles": (360, 0, 0, 360, 0, 0, 0, 0, 0),
              "Clinique Vétérinaire St-Genis": (180, 0, 0, 180, 0, 0, 0, 0, 0),
              "Groupe Arpège, Jean Petit": (3000, 3000, 0, 0, 3000, 0, 0, 0, 0)},
    "kessler": {"Mueller Maschinenbau": (14280, 11900, 0, 2380, 0, 0, 11900, 0, 0), "Schäfer Bau GmbH": (1190, 0, 0, 1190, 0, 0, 0, 0, 0),
                "Stadtwerke Göppingen GmbH": (3950, 3950, 0, 0, 0, 3950, 0, 0, 0), "Baeckerei Schaefer": (119, 119, 0, 0, 0, 119, 0, 0, 0),
                "Dt. Werkzeug-Ges. mbH": (4760.5, 4760.5, 238, 0, 0, 0, 0, 0, 4760.5), "Weiss Strassenbau GmbH": (999.99, 0, 0, 999.99, 0, 0, 0, 0, 0)},
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
    """R7 by the sales of 90 days; what a balance alone tells came in, all of the one's and Jet's 640, may have in any month since."""
    kpis = (
        "select dso_simple, collected, payment_count, undated_payment_count, are_days_unknown "
        "from reporting.rpt_receivable_kpis where is_total and month = ?"
    )
    [[dso, collected, *days]] = tide(kpis, date(2026, 6, 1))
    # April, May and June of Anchor, Barns' 2,400, Cafe's 480 and 240 less notes of 120 and 60.
    assert dso == pytest.approx(6000 / (3600 + 2400 + 480 + 240 - 180) * 90)
    assert (collected, *days) == (None, 15, 15, True)
    [[dso, collected, _, *days]] = grove(kpis, date(2026, 4, 1))
    assert dso == pytest.approx(2650.5 / (900 - 100 + 1000 + 1250.5) * 90)
    assert (collected, *days) == (None, 1, False)
    assert grove("select collected from reporting.rpt_receivable_kpis where is_total and collected <> 0") == [(1500,)]


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


def test_a_call_from_a_browser_is_its_owners_call_outwards(brume: Ask) -> None:
    """Twilio writes it as one that came in from the browser, to nobody, and what it dialled as a leg of that."""
    found = brume(
        "select direction, status, account_id, agent_name from marts.fct_calls order by started_at",
    )
    assert found == [
        ("inbound", "answered", "hubspot:23910045001", "camille"), ("inbound", "missed", "hubspot:23910045004", "luc"),
        ("outbound", "answered", "hubspot:23910045004", "luc"), ("outbound", "missed", "hubspot:23910045002", None),
        ("inbound", "abandoned", None, "camille"), ("inbound", "answered", None, "camille"),
        ("outbound", "answered", "hubspot:23910045006", "luc"),
    ]  # fmt: skip
    cases = "select account_name, state, callback_minutes from reporting.rpt_missed_calls order by started_at"
    assert brume(cases) == [("Dupont et Fils", "handled", 40)]


def test_names_as_people_write_them(brume: Ask, kessler: Ask) -> None:
    """What is not sure is proposed: a contact behind its company's name, daughters that sons are like."""
    proposed = "select name, account_name, evidence from reporting.rpt_match_proposals order by 1"
    assert brume(proposed) == [
        ("Dupont & Filles", "Dupont et Fils", "name_alike"),
        ("Groupe Arpège, Jean Petit", "Groupe Arpège", "name_begun"),
    ]
    assert kessler(proposed) == []


def test_sales_before_the_first_list_of_what_is_open_are_told_of(kessler: Ask, brume: Ask) -> None:
    told = "select count(*) from reporting.rpt_landing_findings where code = 'open_items_alone'"
    assert (kessler(told), brume(told)) == ([(1,)], [(0,)])
