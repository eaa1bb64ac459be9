"""The cash forecast's test from past month ends knows nothing of what came after them.

One small company is built twice: as it was, and with everything after a month end changed. What was forecast from that
month end and from those before it must be the same to the last digit; what became of it must not.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from pipelines.warehouse.transform import DBT_PROJECT
from tests.support.chance import chance, is_tried
from tests.support.claims import Claims
from tests.support.figures import FIGURES, held, moves
from tests.support.homes import make
from tests.support.raw_rows import write_raw

ORIGIN = date(2024, 6, 30)
AS_OF = date(2024, 9, 30)
MODELS = [path.stem for path in (DBT_PROJECT / "models" / "reporting" / "forecast").glob("*.sql")]
Rows = dict[str, list[dict[str, Any]]]


def company(changed: bool) -> Rows:
    """Invoices of six customers, paid in one or two parts or not at all; with `changed`, another future after ORIGIN."""
    random = chance(11)
    rows: Rows = {name: [] for name in ("billing.invoices", "billing.payments", "billing.applications",
                                        "billing.adjustments", "billing.promises")}  # fmt: skip
    for number in range(170):
        customer = number % 6
        issued = date(2024, 1, 3) + timedelta(days=random.randrange(250))
        due = issued + timedelta(days=random.choice([14, 30, 45]))
        gross = Decimal(random.randrange(1_000, 90_000)) / 100
        parts, lag = random.choice([1, 1, 2]), 5 * customer + random.randrange(-12, 15)
        loses, promises = random.random(), random.random()
        if issued > ORIGIN and changed:
            gross *= 3
            issued += timedelta(days=2)
        native = f"I{number}"
        rows["billing.invoices"].append(
            {"invoice_id": native, "document_kind": "invoice", "customer_id": f"C{customer}", "issued_on": issued,
             "due_on": due, "currency": "EUR", "net_amount": gross, "gross_amount": gross, "status": "issued"}
        )  # fmt: skip
        for part in range(parts):
            on = max(due + timedelta(days=lag + 20 * part), issued + timedelta(days=1))
            if on > ORIGIN and changed:
                on += timedelta(days=9)
            if loses < 0.06:
                rows["billing.adjustments"].append(
                    {"adjustment_id": f"J{number}-{part}", "adjustment_kind": "write_off", "currency": "EUR",
                     "customer_id": f"C{customer}", "invoice_id": native, "occurred_on": on, "amount": gross / parts}
                )  # fmt: skip
                continue
            rows["billing.payments"].append(
                {"payment_id": f"P{number}-{part}", "customer_id": f"C{customer}", "received_on": on,
                 "currency": "EUR", "amount": gross / parts, "status": "received"}
            )  # fmt: skip
            rows["billing.applications"].append(
                {"application_id": f"A{number}-{part}", "payment_id": f"P{number}-{part}", "invoice_id": native,
                 "applied_on": on, "amount": gross / parts}
            )  # fmt: skip
        if promises < 0.4:
            made = due - timedelta(days=3)
            row: dict[str, Any] = {"promise_id": f"T{number}", "customer_id": f"C{customer}", "invoice_id": native, "made_on": made,
                   "promised_for": due + timedelta(days=11), "amount": gross, "currency": "EUR"}  # fmt: skip
            # A promise that was taken back, or moved, after the day was in force on it.
            taken_back = changed and row["promised_for"] > ORIGIN
            if taken_back:
                row["cancelled_on"] = max(made, ORIGIN) + timedelta(days=1)
            rows["billing.promises"].append(row)
            if changed and made > ORIGIN:
                row["promised_for"] += timedelta(days=5)
    if changed:
        for number in range(30):
            rows["billing.invoices"].append(
                {"invoice_id": f"N{number}", "document_kind": "invoice", "customer_id": f"C{number % 6}",
                 "issued_on": ORIGIN + timedelta(days=1 + number), "due_on": ORIGIN + timedelta(days=2 + number),
                 "currency": "EUR", "net_amount": 500, "gross_amount": 500, "status": "issued",
                 "settled_on": ORIGIN + timedelta(days=3 + number)}
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[duckdb.DuckDBPyConnection]:
    """The forecast of the company as it was, and with another future."""
    found = []
    for changed in (False, True):
        home = tmp_path_factory.mktemp("forecast")
        write_raw(home, company(changed), as_of_date=AS_OF)
        made = make(home, [*MODELS, "fct_receivable_balances"], passing=["assert_cash_forecast_is_what_is_open"])
        found.append(duckdb.connect(str(made), read_only=True))
    return found


def same(two: list[duckdb.DuckDBPyConnection], query: str) -> list[tuple[Any, ...]]:
    """The rows of the query, which both companies must share."""
    first, second = (connection.execute(query, [ORIGIN]).fetchall() for connection in two)
    assert first == second
    return first


def test_what_was_forecast_knows_nothing_of_later(two: list[duckdb.DuckDBPyConnection]) -> None:
    """Curves, days, promises and weekly amounts of the origins up to the day are the same."""
    assert same(two, "select account_id, lag_days, survival, paid, origin from marts.fct_payment_curves "
                     "where origin <= ? order by all")  # fmt: skip
    items = same(
        two,
        "select origin, invoice_id, open_amount, promised_amount, promised_for, basis, expected_on, early_on, late_on, "
        "due_date_says, mean_lag_says, paid_share from marts.fct_cash_forecasts where origin <= ? order by all",
    )
    assert {row[5] for row in items if row[0] == ORIGIN} == {"promise", "behaviour"}
    assert same(two, "select origin, method, week_start, expected_amount, variance from marts.fct_forecast_weeks "
                     "where origin <= ? order by all")  # fmt: skip


def test_what_nothing_tells_of_has_no_share(two: list[duckdb.DuckDBPyConnection]) -> None:
    """Of a debt whose account and company never paid one so old, only what is promised is known: 0 % would be a forecast."""
    query = (
        "select basis, promised_amount >= open_amount, survival_at_origin is null, paid_share"
        " from marts.fct_cash_forecasts"
    )
    rows = two[0].execute(query).fetchall()
    assert [row for row in rows if (row[3] is None) != (row[2] and not row[1])] == []
    assert is_tried({row[3] for row in rows if row[0] == "none"} == {None})


def test_what_became_of_it_is_another_thing(two: list[duckdb.DuckDBPyConnection]) -> None:
    """The other future shows where it should: in the errors, and in what is forecast from later days."""
    for query in (
        "select origin, method, mean_absolute_error_days from reporting.rpt_forecast_backtest where origin = ? order by all",
        "select account_id, lag_days, paid from marts.fct_payment_curves where origin > ? order by all",
    ):
        first, second = (connection.execute(query, [ORIGIN]).fetchall() for connection in two)
        assert len(first) > 2
        assert first != second


def test_an_invoices_rows_add_up_to_what_is_open(two: list[duckdb.DuckDBPyConnection]) -> None:
    """Week by week, later, never and not foreseen: the whole of each invoice, and no part below zero."""
    for connection in two:
        rows = connection.execute(
            "select invoice_id, max(open_amount), sum(expected_amount), min(expected_amount), "
            "count(distinct outcome) from reporting.rpt_cash_expectations group by invoice_id"
        ).fetchall()
        assert len(rows) > 10
        assert all(open_amount == total and least > 0 for _, open_amount, total, least, _ in rows)
        assert max(row[4] for row in rows) >= 2


def test_the_band_of_a_week_goes_no_lower_than_what_is_promised(two: list[duckdb.DuckDBPyConnection]) -> None:
    """`rpt_cash_forecast` and `rpt_cash_forecast_weeks` of the company as it was, some of whose customers promise."""
    company = SimpleNamespace(day=AS_OF, parameter={"forecast_band_deviations": 1.2816}.__getitem__)
    claims = Claims(cast(Any, company), two[0])
    for name in ("forecast", "forecast_weeks"):
        wrong, expected = held(claims, name)
        assert not wrong, "\n".join(wrong[:20])
        assert all(moves(expected, column) for column in FIGURES[name][2])
