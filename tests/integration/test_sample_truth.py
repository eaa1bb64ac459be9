"""The sample's publication says what is true of its company: every headline, from the world that the exports were written
from and not from the exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.sample import SampleTruth, generate
from pipelines.sample.writer import formats
from tests.support.publications import SAMPLE, sample

CENT = Decimal("0.01")
UNIT = Decimal("0.0001")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return generate(tmp_path_factory.mktemp("truth") / "landing", **SAMPLE).truth


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample(tmp_path_factory)), read_only=True) as connection:
        yield connection


def told(warehouse: duckdb.DuckDBPyConnection, query: str) -> dict[Any, Any]:
    """The query's first columns, and the last one by them."""
    rows = warehouse.execute(query).fetchall()
    return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in rows}


def by_key(frame: pl.DataFrame, unit: Decimal) -> dict[Any, Decimal]:
    """The first columns of a headline, and the last one by them; what is nothing is left out."""
    rows = {row[0] if len(row) == 2 else row[:-1]: row[-1] * unit for row in frame.iter_rows()}
    return {key: value for key, value in rows.items() if value}


def test_mrr_by_month(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    query = "select month, closing_revenue from reporting.rpt_revenue_retention where basis = 'mrr'"
    assert told(warehouse, query) == by_key(truth.headlines["mrr"], UNIT)


def test_won_by_month(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    frame = truth.headlines["won"]
    count = (
        "select month, sum(won) from reporting.rpt_sales_monthly where month >= ? group by month having sum(won) > 0"
    )
    first = f"date '{frame['month'].min()}'"
    assert told(warehouse, count.replace("?", first)) == by_key(frame.select("month", "won"), Decimal(1))
    amount = f"select month, sum(won_amount) from reporting.rpt_sales_monthly where month >= {first} group by 1"
    found = {month: value for month, value in told(warehouse, amount).items() if value}
    assert found == by_key(frame.select("month", "amount"), UNIT)


def test_open_deals_by_week(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    found = told(warehouse, "select as_of_date, sum(open_deals) from reporting.rpt_pipeline group by 1")
    right = dict(truth.headlines["open_deals"].iter_rows())
    assert len(right) > 50
    assert {day: int(found.get(day, 0)) for day in right} == right


def test_pipeline_by_currency(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    found = told(warehouse, "select currency, sum(amount) from reporting.rpt_open_deals group by 1")
    assert found == by_key(truth.headlines["pipeline"], CENT)


@pytest.mark.parametrize("measure", ["inbound", "answered", "missed"])
def test_calls_by_day(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth, measure: str) -> None:
    column = "missed + voicemail" if measure == "missed" else measure
    found = told(warehouse, f"select day, sum({column}) from reporting.rpt_call_response group by 1")
    right = by_key(truth.headlines["unanswered"].select("day", measure), Decimal(1))
    assert {day: value for day, value in found.items() if value} == right


def test_how_long_callers_waited(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    found = warehouse.execute(
        "select cast(started_at as date), callback_minutes from reporting.rpt_missed_calls "
        "where callback_minutes is not null order by 1, 2"
    ).fetchall()
    right = sorted(truth.headlines["callbacks"].iter_rows())
    assert [day for day, _ in found] == [day for day, _ in right]
    assert [float(minutes) for _, minutes in found] == pytest.approx([minutes for _, minutes in right], abs=0.01)


@pytest.mark.parametrize("measure", ["open", "overdue"])
def test_what_every_customer_owes(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth, measure: str) -> None:
    names = {row["party"]: row for row in truth.parties.iter_rows(named=True)}
    systems = formats()["systems"]
    right = {
        (f"{systems[system]}:{names[party][system]}", currency): value * CENT
        for system, party, currency, value in truth.headlines["receivables"]
        .select("system", "party", "currency", measure).iter_rows()
        if value
    }  # fmt: skip
    late = "filter (where days_overdue > 0)" if measure == "overdue" else ""
    found = told(
        warehouse,
        f"select invoices.customer_id, items.currency, coalesce(sum(items.open_amount) {late}, 0) "
        "from reporting.rpt_open_invoices as items "
        "inner join marts.fct_invoices as invoices on items.invoice_id = invoices.invoice_id group by 1, 2",
    )
    assert len({key.split(":")[0] for key, _ in right}) >= 2
    assert {key: value for key, value in found.items() if value} == right


def test_what_was_put_on_invoices_above_what_they_owe(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    names = {row["party"]: row["billing"] for row in truth.parties.iter_rows(named=True)}
    system = formats()["systems"]["billing"]
    right = {
        (f"{system}:{names[party]}", currency): credit * CENT
        for party, currency, credit in truth.headlines["over_applied"].iter_rows()
    }
    found = told(
        warehouse,
        "select customer_id, currency, -sum(open_amount) from (select customer_id, invoice_id, currency, "
        "sum(amount) as open_amount from marts.fct_receivable_events group by all having sum(amount) < 0) group by 1, 2",
    )
    assert found == right
    query = "select currency, sum(credit_amount) from reporting.rpt_receivable_aging where as_of_date = date '2026-10-31' group by 1"
    credits = {currency: amount for currency, amount in told(warehouse, query).items() if amount}
    assert credits == {code: sum(credit for (_, of), credit in right.items() if of == code) for _, code in right}
    assert right


def test_collected_by_month_and_currency(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    query = "select month, currency, collected from reporting.rpt_receivable_kpis where currency <> 'ALL'"
    found = {key: value for key, value in told(warehouse, query).items() if value}
    assert found == by_key(truth.headlines["collected"], CENT)
    assert {currency for _, currency in found} == {"USD", "EUR", "GBP"}
    assert max(month for month, _ in found) == date(2026, 10, 1)


def test_overdue_ratio_and_dso(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    """By currency and of all together, on the last day."""
    rows = warehouse.execute(
        "select currency, overdue_ratio, dso_simple from reporting.rpt_receivable_kpis "
        "where as_of_date = (select as_of_date from reporting.rpt_run)"
    ).fetchall()
    found = {currency: tuple(values) for currency, *values in rows}
    right = {currency: tuple(values) for currency, *values in truth.headlines["exposure"].iter_rows()}
    assert found.keys() == right.keys()
    for currency, values in right.items():
        # The total is of amounts that were rounded to four decimals one by one.
        close = [None if value is None else pytest.approx(value, rel=1e-6) for value in values]
        assert [*found[currency]] == close, currency
    assert 0 < right["ALL"][0] < 1
    assert right["ALL"][1] > 1


def test_concentration(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    [right] = truth.headlines["concentration"].iter_rows(named=True)
    [found] = warehouse.execute(
        f"select {', '.join(right)} from reporting.rpt_concentration where month = date '2026-10-01'"
    ).fetchall()
    right["revenue"] = right["revenue"] * UNIT
    assert [float(value) for value in found] == pytest.approx([float(value) for value in right.values()], rel=1e-9)
    assert right["clients_for_80_percent"] < right["clients"]


def test_whom_to_call_about_money(warehouse: duckdb.DuckDBPyConnection, truth: SampleTruth) -> None:
    """What is overdue of each account, what of it is not disputed, the points of each component, and who comes first.

    A customer whom the warehouse has not linked stands there under his own number, and nobody knows when he was spoken
    with: whose he is, another test asks.
    """
    crm, billing = formats()["systems"]["crm"], formats()["systems"]["billing"]
    accounts = {row["customer_id"]: row["account_id"] for row in truth.customers.iter_rows(named=True)}
    tenths = ("money", "age", "promise", "habit", "silence")
    query = (
        "select account_id, overdue_amount, collectible_amount, overdue_invoices, oldest_days_overdue, not is_disputed, "
        f"{', '.join(f'{name}_points' for name in tenths)}, worklist_score from reporting.rpt_collection_worklist order by rank"
    )
    found: dict[str, list[Any]] = {}
    unlinked = set()
    for name, *values in warehouse.execute(query).fetchall():
        system, _, native = name.partition(":")
        if system == billing and accounts[native]:
            unlinked.add(name := f"{crm}:{accounts[native]}")
        found[name] = values
    right = {}
    for row in truth.headlines["worklist"].iter_rows(named=True):
        name = f"{crm if row['is_known'] else billing}:{row['id']}"
        money = [row[column] * UNIT for column in ("overdue", "collectible")]
        points = [Decimal(row[column]) / 10 for column in (*tenths, "score")]
        right[name] = [*money, row["invoices"], row["oldest_days"], row["is_asked"], *points]
    assert found.keys() == right.keys()
    for name, values in right.items():
        assert found[name][: -2 if name in unlinked else None] == values[: -2 if name in unlinked else None], name
    # Who called in vain stands first of those who can be asked: which calls wait for an answer, another test asks.
    rows = warehouse.execute("select account_id from reporting.rpt_collection_worklist where waiting_missed_calls > 0")
    waiting = {name for (name,) in rows.fetchall()}
    ranked = sorted(right, key=lambda name: (not right[name][4], name not in waiting))
    assert [name for name in found if name not in unlinked] == [name for name in ranked if name not in unlinked]
    for place in range(5, 11):
        assert len({values[place] for values in right.values()}) > 1, f"nothing tries {(*tenths, 'score')[place - 5]}"
    assert any(collectible < overdue for overdue, collectible, *_ in right.values())
