"""Random companies of every domain in one landing, as of past days: plain Python and the models agree.

Each stream has a system of its own, so that many are one build and do not mix. Every build is the compiled SQL of the
models on a bare connection, as of another day. Where a figure differs the message has the stream's rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks import floor
from pipelines.warehouse.calendar import write_holidays
from pipelines.words import catalogue
from tests.conventions import test_oracles as oracles
from tests.support import attribution, call_gaps, call_reports, calls, opening, queues, rates, sources
from tests.support.call_streams import SEASONS, mirrored
from tests.support.call_streams import Stream as Calls
from tests.support.chance import is_tried
from tests.support.deal_streams import Deals
from tests.support.deal_streams import Stream as Sales
from tests.support.homes import breaks, gates
from tests.support.log_streams import Logs
from tests.support.oracle import ZONE, days, month_end
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.sale_streams import Sales as Books
from tests.support.subscription_streams import FIRST as FIRST_MONTH
from tests.support.subscription_streams import Book
from tests.support.subscription_streams import Stream as Billing

# In the middle of each season, and after everything; a Sunday, a Friday and a month's last day.
DAYS = (date(2025, 4, 20), date(2025, 10, 24), date(2025, 11, 30))
TRACKERS = [Calls(seed) for seed in range(24)]
CALLS = (
    [row for tracker in TRACKERS for row in tracker.rows] + mirrored(TRACKERS[0], "x00") + mirrored(TRACKERS[5], "x05")
)
LOGS = [Logs(tracker) for tracker in TRACKERS]
BOOKS = [Books(crm) for crm in LOGS]
SOLD = [
    "crm.leads", "crm.deals", "billing.customers", "billing.invoices", "billing.payments", "billing.applications",
    "billing.adjustments",
]  # fmt: skip
ACTIVITIES = [row for crm in LOGS for row in crm.activities]
TEAMS = {f"{row['_system']}:{row['employee_id']}": row["team"] for crm in LOGS for row in crm.employees}
# Each team and a queue its own hours, and everybody some, on days of all seasons.
OPENINGS = opening.Openings(
    opening.random_rows(
        1, ("North", "South", "Support", None), [first + days(number) for first in SEASONS for number in range(7)]
    )
)
# By the last ten digits of a number, as calls are matched.
ACCOUNTS = {
    row["phone"][-10:]: f"{row['_system']}:{row['account_id']}" for crm in LOGS for row in crm.accounts
}  # fmt: skip
# What a tracker gave to another source since: it stands in a newer version of the row.
MOVED = {
    (row["_system"], row["call_id"]): f"{row['_system']} {('Map', 'Fair')[place % 2]}"
    for place, row in enumerate(CALLS)
    if place % 7 == 0 and row["source"]
}
VERSIONS = [
    *(row | {"source": MOVED.get((row["_system"], row["call_id"]), row["source"])} for row in CALLS),
    *(row | {"_known_at": "2025-12-31T00:00:00Z"} for row in CALLS if (row["_system"], row["call_id"]) in MOVED),
]
COSTS = [cost for tracker in TRACKERS for cost in tracker.costs]
# What nobody ever came from.
COSTS.append(min(COSTS, key=lambda cost: cost["spent_on"]) | {"source": "Nowhere"})
# What web analytics alone knows, which says no cost.
COSTS.append(COSTS[-1] | {"source": "Analytics", "amount": None, "currency": None, "goals": 3})
BILLING = [Billing(seed) for seed in range(20)]
SALES = [Sales(seed) for seed in range(12)]
COUNTED = (
    "revenue",
    "opening_revenue",
    "currency_effect",
    "opening_revenue_12m",
    "missing_rate_count",
    "unpriced_count",
)
# What is compared, by the rows' keys.
TABLES = {
    "rpt_call_response": ("day", "employee_id"), "rpt_missed_calls": ("case_id",), "rpt_call_channels": ("month", "source"),
    "rpt_call_service": ("day", "team"), "rpt_call_queues": ("day", "queue"), "rpt_call_hours": ("month", "weekday", "hour_of_day", "team"),
    "rpt_call_activity": ("month", "employee_id"), "rpt_call_results": ("month", "employee_id", "told_by", "source", "result"),
    "rpt_crm_call_gaps": ("day", "employee_id"), "rpt_crm_call_gap_calls": ("gap", "call_id"),
    "rpt_call_attribution": ("month", "source_kind", "source", "model"), "rpt_source_names": ("feed", "name_key"),
    "rpt_account_revenue": ("account_id", "month", "basis"), "rpt_revenue_retention": ("month", "basis"),
    "rpt_sales_monthly": ("month", "employee_id"), "rpt_open_deals": ("deal_id",),
    "rpt_pipeline": ("as_of_date", "employee_id", "stage"),
    "rpt_pipeline_bridge": ("week_start", "employee_id", "expected_quarter", "movement"),
}  # fmt: skip
# Of which a day's level is told.
SERVICE = ("rpt_call_service", "rpt_call_queues")
Row = dict[str, Any]


@pytest.fixture(scope="module", params=DAYS, ids=str)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[date, Any]]:
    """A day, and the warehouse as of it."""
    published = sample(tmp_path_factory).parents[3]
    home: Path = tmp_path_factory.mktemp("streams")
    rows: dict[str, list[Row]] = {
        "calls.calls": VERSIONS, "calls.channel_costs": COSTS, "lists.source_names": sources.LISTED,
        "lists.opening_hours": [*OPENINGS.rows],
        "plan.fx_rates": rates.ROWS,
        "crm.deals": [row for crm in SALES for row in crm.deals], "crm.deal_stages": [row for crm in SALES for row in crm.stages],
        "crm.activities": [row for crm in SALES for row in crm.activities] + ACTIVITIES,
        "crm.accounts": [row for crm in LOGS for row in crm.accounts],
        "crm.employees": [row for crm in LOGS for row in crm.employees],
        "plan.targets": [row for crm in SALES for row in crm.targets],
        "billing.customers": [row for billing in BILLING for row in billing.customers],
        "billing.subscriptions": [row for billing in BILLING for row in billing.rows],
    }  # fmt: skip
    for entity in SOLD:
        rows[entity] = rows.get(entity, []) + [row for book in BOOKS for row in book.rows[entity]]
    run = {"business_timezone": str(ZONE), "default_country": opening.COUNTRY}
    store = write_raw(home, rows, as_of_date=request.param, **run)
    write_holidays(store.records, opening.COUNTRY)
    floor.run(published, home, raw_of=home, threads=1, tables={*TABLES, "rpt_landing_findings"})
    with duckdb.connect(str(home / "keybook.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield request.param, connection


def read(warehouse: duckdb.DuckDBPyConnection, table: str) -> dict[Any, Row]:
    """A reporting table by its key."""
    found = warehouse.cursor().sql(f"select * from reporting.{table}").to_arrow_table().to_pylist()
    rows = {tuple(row[name] for name in TABLES[table]): row for row in found}
    assert len(rows) == len(found)
    return rows


def facts_of(warehouse: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """Deals, documents and the ledger, which tests of their own hold."""
    names = ("fct_deals", "fct_invoices", "fct_receivable_events")
    return {name: warehouse.cursor().sql(f"select * from marts.{name}").to_arrow_table().to_pylist() for name in names}


def of_sales(rows: dict[Any, Row]) -> dict[Any, Row]:
    """Without what the call trackers' clients bought."""
    theirs = tuple(f"{tracker.system}:" for tracker in TRACKERS)
    return {place: row for place, row in rows.items() if not any(str(part).startswith(theirs) for part in place)}


def differences(found: dict[Any, Row], expected: dict[Any, Row], name: str, most: str = "6e-5") -> list[str]:
    """Which cells differ, or are in one alone."""
    wrong = [f"{name} {place} is in one alone: {expected.get(place)}" for place in found.keys() ^ expected.keys()]
    for place in found.keys() & expected.keys():
        for column, value in expected[place].items():
            said = found[place][column]
            if isinstance(value, Fraction | int) and not isinstance(value, bool):
                # Minutes are published to the hundredth.
                near = Fraction("0.0051" if "minutes" in column else most)
                is_same = said is not None and abs(Fraction(said) - value) <= near
            else:
                is_same = said == value
            if not is_same:
                shown = float(value) if isinstance(value, Fraction) else value
                wrong.append(f"{name} {place}: {column} is {said}, not {shown}")
    return sorted(wrong)


def moves(expected: dict[Any, Row], *, constant: tuple[str, ...] = ()) -> None:
    """Every column takes several values: else nothing is tried."""
    for column in next(iter(expected.values())):
        values = {repr(row[column]) for row in expected.values()}
        assert is_tried(len(values) > 1) or column in constant, f"nothing tries {column}"


def tried(table: str, expected: dict[Any, Row]) -> None:
    """What `docs/oracles.md` says that these tests hold is compared."""
    said = {column for name, column, by in oracles.rows("By an oracle") if (name, by) == (table, "test_streams")}
    assert said
    assert said <= set(next(iter(expected.values())))


def test_calls(built: tuple[date, Any]) -> None:
    """Legs, statuses, agents, missed cases and business minutes, channels (K1 to K11), service (K19), the CRM's log (N5)."""
    as_of, warehouse = built
    found = calls.conversations(CALLS, as_of, TEAMS, OPENINGS)
    wrong = []
    money = call_reports.brought(found, ACCOUNTS, facts_of(warehouse), as_of)
    gaps = call_gaps.Gaps(found, ACTIVITIES, ACCOUNTS, as_of)
    for table, expected in (
        ("rpt_call_response", call_reports.response(found, as_of)),
        ("rpt_missed_calls", {(case,): row for case, row in call_reports.missed(found, as_of).items()}),
        ("rpt_call_channels", call_reports.channels(found, COSTS, rates.rate, as_of, ACCOUNTS, money, MOVED)),
        ("rpt_call_service", call_gaps.service(found, TEAMS.get)),
        ("rpt_call_queues", queues.service(found)),
        ("rpt_call_hours", call_gaps.hours(found, TEAMS.get)),
        ("rpt_call_activity", call_gaps.activity(found, ACCOUNTS)),
        ("rpt_call_results", call_gaps.results(found, ACTIVITIES, as_of)),
        ("rpt_crm_call_gaps", gaps.daily()),
        ("rpt_crm_call_gap_calls", gaps.single()),
    ):
        # Until the first day no call failed in opening hours.
        moves(expected, constant=("failed",) if table in SERVICE and as_of == DAYS[0] else ())
        tried(table, expected)
        rows = read(warehouse, table)
        if table == "rpt_call_channels":
            rows = {(month, source.lower()): row for (month, source), row in rows.items()}
        wrong += differences(rows, expected, table)
    query = "select said, row_count, first_on, last_on from reporting.rpt_landing_findings where code = 'calls_twice'"
    told = {
        said: dict(zip(("row_count", "first_on", "last_on"), row, strict=True))
        for said, *row in warehouse.execute(query).fetchall()
    }
    assert told == call_reports.twice(found)
    assert told
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])


def test_attribution(built: tuple[date, Any]) -> None:
    """What each source brought by each model, of the deals and the ledger that other tests hold (K21, N1, N14)."""
    as_of, warehouse = built
    facts = facts_of(warehouse)
    found = calls.conversations(CALLS, as_of, TEAMS, OPENINGS)
    leads = [row for book in BOOKS for row in book.rows["crm.leads"]]
    expected = attribution.attribution(
        attribution.sold(*facts.values()), attribution.touched(found, leads, ACCOUNTS, as_of),
        attribution.counted_leads(found, leads, as_of), COSTS, rates.rate, as_of,
    )  # fmt: skip
    # On the first day every look-back still runs.
    moves(expected, constant=("is_young", "payback_months", "written_off") if as_of == DAYS[0] else ())
    tried("rpt_call_attribution", expected)
    assert {place[1] for place in expected} == {"named", "unknown", "no_touch", "no_account"}
    rows = read(warehouse, "rpt_call_attribution")
    rows = {(month, kind, source.lower(), model): row for (month, kind, source, model), row in rows.items()}
    wrong = differences(rows, expected, "rpt_call_attribution", "5e-3")
    named = sources.names(found, leads, COSTS, as_of)
    moves(named)
    tried("rpt_source_names", named)
    assert {row["state"] for row in named.values()} == {"joined", "touches_alone", "cost_alone"}
    wrong += differences(read(warehouse, "rpt_source_names"), named, "rpt_source_names")
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])


def test_the_gate_of_attribution_can_fail(
    built: tuple[date, Any], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """What holds it finds nothing before each change and something after it."""
    gate = gates(sample(tmp_path_factory).parents[3])["assert_attribution_gives_each_euro_once"]
    paths = "select path from duckdb_databases() where database_name = 'keybook'"
    [(source,)] = built[1].cursor().execute(paths).fetchall()
    shutil.copy(source, tmp_path / "keybook.duckdb")
    attributed = "reporting.rpt_call_attribution"
    with duckdb.connect(str(tmp_path / "keybook.duckdb")) as connection:
        for change in (
            f"update {attributed} set cash_applied = cash_applied + 0.0001 where model = 'linear'",
            f"delete from {attributed} where source_kind = 'no_account'",
            f"delete from {attributed} where model = 'last'",
            f"insert into {attributed} select * from {attributed} where invoiced <> 0",
        ):
            assert breaks(connection, gate, change), change


def test_subscriptions(built: tuple[date, Any]) -> None:
    """MRR of each account and month, its movements, and what they sum to (V2 to V8)."""
    as_of, warehouse = built
    book = Book([row for billing in BILLING for row in billing.rows], as_of)
    found = read(warehouse, "rpt_account_revenue")
    mine = {place[:2]: row for place, row in found.items() if place[2] == "mrr" and place[1] >= FIRST_MONTH}
    is_whole = ("is_complete",) if as_of == month_end(as_of) else ()
    moves(book.monthly, constant=is_whole)
    tried("rpt_account_revenue", book.monthly)
    # A row of nothing need not be there.
    silent = {
        place for place, row in book.monthly.items() if place not in mine and not any(row[name] for name in COUNTED)
    }
    wrong = differences(
        mine, {place: row for place, row in book.monthly.items() if place not in silent}, "rpt_account_revenue", "1e-3"
    )
    found = read(warehouse, "rpt_revenue_retention")
    totals = {place[:1]: row for place, row in found.items() if place[1] == "mrr" and place[0] >= FIRST_MONTH}
    expected = {(month,): book.retention(month) for month in book.months if month >= book.begun}
    moves(expected, constant=("negative_revenue", *is_whole))
    tried("rpt_revenue_retention", expected)
    wrong += differences(totals, expected, "rpt_revenue_retention", "1e-2")
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])


def test_deals(built: tuple[date, Any]) -> None:
    """Open deals, the pipeline of every week and month, and what each month created, won and lost (P1, P5 to P8, P11, P20)."""
    as_of, warehouse = built
    deals = Deals(SALES, as_of)
    sales = deals.sales()
    found = read(warehouse, "rpt_sales_monthly")
    moves(sales)
    tried("rpt_sales_monthly", sales)
    wrong = differences(
        {place: row for place, row in found.items() if place in sales}, sales, "rpt_sales_monthly", "1e-3"
    )
    for table, expected in (
        ("rpt_open_deals", deals.open_deals()),
        ("rpt_pipeline", deals.pipeline()),
        ("rpt_pipeline_bridge", deals.bridge()),
    ):
        moves(expected)
        tried(table, expected)
        wrong += differences(of_sales(read(warehouse, table)), expected, table, "1e-3")
    assert {place[3] for place in deals.bridge()} == {
        path.split(".")[1] for path in catalogue() if path.startswith("pipeline_movement.")
    }
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])
    # What is open on the day is what has no closing, by the record or by the history.
    closings = "select deal_id, closed_rule from marts.fct_deals"
    open_ones = {(deal,): {} for deal, rule in warehouse.execute(closings).fetchall() if rule is None}
    assert {deal for (deal,) in of_sales(open_ones)} == {deal for (deal,) in deals.open_deals()}
