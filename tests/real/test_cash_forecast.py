"""The cash forecast's test on the accounts-receivable history, against a reckoning in plain Python from the file alone.

The Python follows the definition, not the SQL: for each month end it takes the invoices as they stood then, makes each
customer's payment curve from those lives, and asks the curve for the median day of each open invoice. Segments are not
in the file, so that a customer is shrunk to the whole company.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from pathlib import Path

import pytest

from tests.support.homes import SHARED, query

AS_OF = date(2014, 1, 31)
ORIGINS = [date(2013, month + 1, 1) - timedelta(days=1) for month in range(1, 12)] + [date(2013, 12, 31)]
ACCOUNT_WEIGHT, HALF_LIFE, EARLIEST, HORIZON = 3, 365, -120, 13


@dataclass(frozen=True)
class Debt:
    """One invoice of the file."""

    customer: str
    number: str
    issued: date
    due: date
    settled: date
    amount: Decimal

    @property
    def lag(self) -> int:
        """Days from the due date to settlement."""
        return (self.settled - self.due).days


def _date(text: str) -> date:
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


@pytest.fixture(scope="module")
def debts() -> list[Debt]:
    path = SHARED / "ibm_ar" / "WA_Fn-UseC_-Accounts-Receivable.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Debt(
                row["customerID"], row["invoiceNumber"], _date(row["InvoiceDate"]), _date(row["DueDate"]),
                _date(row["SettledDate"]), Decimal(row["InvoiceAmount"]),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def rates(lives: list[Debt], origin: date, last: int, prior: dict[int, tuple[float, float]] | None) -> dict[int, float]:
    """Lag -> share of what is open before it that is paid on it; `prior` lag -> (open before, paid on it)."""
    paid: dict[int, float] = {}
    for lag in range(EARLIEST, last + 1):
        at_risk = events = 0.0
        for debt in lives:
            first, end = (debt.issued - debt.due).days + 1, (min(debt.settled, origin) - debt.due).days
            weight = 0.5 ** ((origin - debt.issued).days / HALF_LIFE)
            if first <= lag <= end:
                at_risk += weight
                events += weight if debt.settled <= origin and debt.lag == lag else 0
        before, rate = prior[lag] if prior else (0.0, 0.0)
        total = at_risk + ACCOUNT_WEIGHT * before
        paid[lag] = (events + ACCOUNT_WEIGHT * before * rate) / total if total > 1e-6 else 0.0
    return paid


def forecasts(debts: list[Debt], origin: date) -> dict[str, dict[int, float]]:
    """Invoice number -> lag -> share of it that is expected to be paid by that lag, of each invoice open at the origin."""
    lives = [debt for debt in debts if debt.issued < origin and debt.settled > debt.issued]
    last = max(debt.lag for debt in lives if debt.settled <= origin)
    company, before = {}, 1.0
    for lag, rate in rates(lives, origin, last, None).items():
        company[lag] = (before, rate)
        before *= max(1 - rate, 1e-9)
    found = {}
    customers = {debt.customer for debt in debts if debt.issued <= origin < debt.settled}
    for customer in customers:
        own = rates([debt for debt in lives if debt.customer == customer], origin, last, company)
        for debt in debts:
            if debt.customer == customer and debt.issued <= origin < debt.settled:
                age = (origin - debt.due).days
                left, paid, shares = 1.0, 0.0, {}
                for lag in range(age + 1, last + 1):
                    paid += left * own[lag]
                    left *= 1 - own[lag]
                    shares[lag] = paid
                found[debt.number] = shares
    return found


def median_day(debt: Debt, shares: dict[int, float], origin: date) -> date:
    """The day by which half of what is expected to be paid is paid; nothing foreseen: the due date, if it is to come."""
    whole = shares[max(shares)] if shares else 0
    if whole <= 1e-6:
        return max(debt.due, origin + timedelta(days=1))
    return debt.due + timedelta(days=min(lag for lag, share in shares.items() if share >= whole / 2 - 1e-9))


def simple_days(debts: list[Debt], origin: date) -> dict[str, tuple[date, date]]:
    """Invoice number -> the due date, and the due date and the customer's mean lag; both not before the next day."""
    known = [debt for debt in debts if debt.settled <= origin and debt.settled > debt.issued]
    company = sum(debt.lag for debt in known) / len(known)
    answers, next_day = {}, origin + timedelta(days=1)
    for debt in debts:
        if debt.issued <= origin < debt.settled:
            own = [other.lag for other in known if other.customer == debt.customer]
            mean = sum(own) / len(own) if own else company
            whole = int(abs(mean) + 0.5) * (1 if mean > 0 else -1)
            answers[debt.number] = (max(debt.due, next_day), max(debt.due + timedelta(days=whole), next_day))
    return answers


def test_days_are_what_the_definitions_say(ibm_end: Path, debts: list[Debt]) -> None:
    """At three month ends, each invoice's day by each method, and so the mean absolute errors of the table."""
    for origin in (ORIGINS[0], ORIGINS[5], ORIGINS[10]):
        behaviour, simple = forecasts(debts, origin), simple_days(debts, origin)
        expected = {
            debt.number: (median_day(debt, behaviour[debt.number], origin), *simple[debt.number])
            for debt in debts
            if debt.number in simple
        }
        found = query(
            ibm_end,
            "select replace(invoice_id, 'ibm_ar:', ''), coalesce(expected_on, due_date_says), due_date_says, "
            "mean_lag_says from marts.fct_cash_forecasts where origin = ?",
            [origin],
        )
        assert {number: tuple(days) for number, *days in found} == expected, origin
        settled = {debt.number: debt.settled for debt in debts}
        table = query(
            ibm_end,
            "select method, invoices, mean_absolute_error_days from reporting.rpt_forecast_backtest where origin = ?",
            [origin],
        )
        wanted = {
            method: (len(expected), sum(abs((days[place] - settled[number]).days) for number, days in expected.items()))
            for place, method in enumerate(("payment_behaviour", "due_date", "mean_lag"))
        }
        assert {method: count for method, count, _ in table} == {method: count for method, (count, _) in wanted.items()}
        for method, count, error in table:
            assert error == pytest.approx(wanted[method][1] / count, abs=1e-9), (origin, method)


def test_weekly_amounts_are_what_the_definition_says(ibm_end: Path, debts: list[Debt]) -> None:
    """At one month end: the cash that each week expects, and what was paid in it of the debts open then."""
    origin = date(2013, 8, 31)
    shares = forecasts(debts, origin)
    monday = origin + timedelta(days=1) - timedelta(days=(origin + timedelta(days=1)).weekday())
    found = query(
        ibm_end,
        "select week_start, expected_amount, paid_amount, variance from marts.fct_forecast_weeks "
        "where origin = ? and method = 'payment_behaviour' order by week_start",
        [origin],
    )
    assert [row[0] for row in found] == [monday + timedelta(days=7 * week) for week in range(HORIZON)]
    opened = [debt for debt in debts if debt.number in shares]
    for week, expected, paid, variance in found:
        amount = spread = 0.0
        for debt in opened:
            curve = shares[debt.number]

            def by(day: date, curve: dict[int, float] = curve, due: date = debt.due) -> float:
                return max((share for lag, share in curve.items() if lag <= (day - due).days), default=0.0)

            part = by(week + timedelta(days=6)) - by(week - timedelta(days=1))
            amount += float(debt.amount) * part
            spread += float(debt.amount) ** 2 * part * (1 - part)
        assert float(expected) == pytest.approx(amount, abs=0.01)
        assert sqrt(float(variance)) == pytest.approx(sqrt(spread), abs=0.05)
        assert paid == sum(
            (debt.amount for debt in opened if week <= debt.settled < week + timedelta(days=7)), Decimal(0)
        )


def test_the_forecast_beats_both_simpler_methods(ibm_end: Path) -> None:
    """Over all twelve month ends, by days and by weekly amounts; every method answers for the same invoices."""
    rows = query(
        ibm_end,
        "select method, sum(invoices), sum(mean_absolute_error_days * invoices) / sum(invoices), "
        "max(overall_error_days), max(overall_amount_error_ratio), count(*), sum(invoices_still_open) "
        "from reporting.rpt_forecast_backtest group by method",
    )
    by_method = {row[0]: row[1:] for row in rows}
    assert {row[0] for row in by_method.values()} == {997}
    assert {row[4:] for row in by_method.values()} == {(12, 0)}
    for _, mean, overall, *_ in by_method.values():
        assert mean == pytest.approx(overall, abs=1e-9)
    _, days, _, amounts, *_ = by_method["payment_behaviour"]
    for baseline in ("due_date", "mean_lag"):
        assert days < by_method[baseline][1]
        assert amounts < by_method[baseline][3]
