"""Random teams in one landing, as of past days: what they are held to and what they are paid, in plain Python and by the models.

Their calls and deals are those of `test_streams`; the build is one of its own, since people that a CRM knows are other people
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks import floor
from pipelines.warehouse.calendar import write_holidays
from tests.dbt.test_streams import differences, moves
from tests.support import rates
from tests.support.call_streams import Stream as Calls
from tests.support.chance import is_tried
from tests.support.commission import Billed, Commission
from tests.support.deal_streams import Stream as Sales
from tests.support.homes import breaks, gates
from tests.support.opening import COUNTRY
from tests.support.oracle import ZONE
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.team_streams import Norms, Team

# Before anybody changed a parameter or wrote a plan, and after.
DAYS = (date(2025, 4, 20), date(2025, 11, 30))
TRACKERS = [Calls(seed) for seed in range(6)]
SALES = [Sales(seed) for seed in range(6)]
CRMS = [crm.system for crm in SALES]
TEAM, BILLED = Team([tracker.system for tracker in TRACKERS], CRMS), Billed(CRMS)
TABLES = {"rpt_team_norms", "rpt_team_norm_evidence", "rpt_commission", "rpt_commission_deals"}
# By gate, what puts what it holds out of joint.
BREAKS = {
    "assert_norms_are_their_evidence": [
        "update reporting.rpt_team_norms set evidence_count = evidence_count + 1 where actual = 0",
        "update reporting.rpt_team_norms set actual = evidence_count + 1",
        "update reporting.rpt_team_norm_evidence set _row = null where norm = 'proposals'",
        "delete from reporting.rpt_team_norms where actual > 0 and norm = 'card_entries'",
        "delete from reporting.rpt_team_norm_evidence where norm = 'new_contracts'",
    ],
    "assert_commission_adds_up": [
        "update reporting.rpt_commission set amount = amount + 1 where ledger = 'accrued' and deal_id is not null",
        "update reporting.rpt_commission set amount = amount + 1 where ledger = 'payable' and deal_id is not null",
        "delete from reporting.rpt_commission where ledger = 'clawed_back'",
        "update reporting.rpt_commission set cash_application_id = null where ledger = 'payable'",
        "update marts.fct_commission_deals set share = share / 2",
        "update reporting.rpt_commission_deals set waiting = waiting + 1 where waiting > 0",
        "update reporting.rpt_commission_deals set payable = payable + 1, waiting = waiting - 1 where waiting >= 1",
    ],
}
Row = dict[str, Any]


@pytest.fixture(scope="module", params=DAYS, ids=str)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[date, Any]]:
    """A day, and the warehouse as of it."""
    home: Path = tmp_path_factory.mktemp("team")
    rows: dict[str, list[Row]] = {
        "calls.calls": [row for tracker in TRACKERS for row in tracker.rows], "plan.fx_rates": rates.ROWS,
        "crm.deals": [
            row | {"account_id": f"K{place % 5}", "product_id": (None, "P1", "P2")[place % 3]}
            for crm in SALES for place, row in enumerate(crm.deals)
        ],
        "crm.deal_stages": [row for crm in SALES for row in crm.stages],
        "crm.activities": TEAM.activities, "crm.employees": TEAM.employees, "crm.accounts": TEAM.accounts,
        "crm.documents": TEAM.documents, "plan.targets": TEAM.plans, "plan.absences": TEAM.absences,
        "lists.working_times": TEAM.part_times, "lists.work_reports": TEAM.reports, "lists.norm_targets": TEAM.figures,
        "lists.opening_hours": TEAM.openings, "lists.parameters": TEAM.parameters(request.param), **BILLED.rows, **BILLED.lists(request.param),
    }  # fmt: skip
    run = {"business_timezone": str(ZONE), "default_country": COUNTRY}
    store = write_raw(home, rows, as_of_date=request.param, **run)
    write_holidays(store.records, COUNTRY)
    floor.run(sample(tmp_path_factory).parents[3], home, raw_of=home, tables=TABLES, threads=1)
    with duckdb.connect(str(home / "keybook.duckdb")) as connection:
        connection.execute("set timezone = 'UTC'")
        yield request.param, connection


def reader(warehouse: duckdb.DuckDBPyConnection) -> Callable[[str], list[Row]]:
    """A mart's rows by column, each read once."""

    @cache
    def rows(table: str) -> list[Row]:
        found: list[Row] = warehouse.cursor().sql(f"select * from marts.{table}").to_arrow_table().to_pylist()
        return found

    return rows


def test_norms(built: tuple[date, Any]) -> None:
    """`rpt_team_norms`: what is due by role, plan, calendar, absence and part time, and what was done (P13, A1 to A7)."""
    as_of, warehouse = built
    expected = Norms(TEAM, as_of, reader(warehouse)).rows()
    moves(expected)
    for norm in {place[2] for place in expected}:
        assert any(row["actual"] for place, row in expected.items() if place[2] == norm), f"nothing is done of {norm}"
    rows = warehouse.cursor().sql("select * from reporting.rpt_team_norms").to_arrow_table().to_pylist()
    found = {(row["employee_id"], row["day"], row["norm"]): row for row in rows}
    assert len(found) == len(rows)
    wrong = differences(found, expected, "rpt_team_norms")
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])


def test_commission(built: tuple[date, Any]) -> None:
    """`rpt_commission`: shares, plan versions, what cash has earned and what was clawed back, months that are closed (P21)."""
    as_of, warehouse = built
    expected = Commission(BILLED, as_of, reader(warehouse)).rows()
    moves(expected)
    # Of deals, and not only of what somebody closed.
    known = {place[2] for place, row in expected.items() if place[0] and row["amount"]}
    assert known == {"accrued", "payable", "clawed_back"}
    # Every rule decides a deal: of all, a team, a person, a product, and a product for a team; of two their newer version too.
    used = {row["plan_version"] for row in expected.values() if row["plan_version"]}
    assert is_tried(used == ({"documents"} if as_of < date(2025, 5, 1) else {
        "old", "new 2025-02-01", "nordic 2024-09-01", "own 2025-05-01", "thing", "thing 2025-07-01", "both",
    }))  # fmt: skip
    query = """
        select * replace (coalesce(cash_application_id, event_type || ' ' || closed_month) as cash_application_id)
        from reporting.rpt_commission
    """
    rows = warehouse.cursor().sql(query).to_arrow_table().to_pylist()
    found = {
        (row["deal_id"], row["employee_id"], row["ledger"], row["cash_application_id"], row["occurred_on"]): row
        for row in rows
    }
    assert len(found) == len(rows)
    wrong = differences(found, expected, "rpt_commission", "0.0101")
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])


def test_what_waits_on_cash(built: tuple[date, Any]) -> None:
    """`rpt_commission_deals`: what a deal has made payable, and what all that is left of its invoices would make more (P21)."""
    as_of, warehouse = built
    expected = Commission(BILLED, as_of, reader(warehouse)).deals()
    moves(expected, constant=("plan_version",))
    assert sum(1 for row in expected.values() if row["waiting"]) > 3
    rows = warehouse.cursor().sql("select * from reporting.rpt_commission_deals").to_arrow_table().to_pylist()
    found = {(row["deal_id"], row["employee_id"]): row for row in rows}
    assert len(found) == len(rows)
    wrong = differences(found, expected, "rpt_commission_deals", "0.0101")
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("gate", BREAKS)
def test_a_gate_fails_when_it_is_broken(
    built: tuple[date, Any], tmp_path_factory: pytest.TempPathFactory, gate: str
) -> None:
    """It holds of random teams, and finds each change."""
    _, warehouse = built
    sent = gates(sample(tmp_path_factory).parents[3])[gate]
    for change in BREAKS[gate]:
        assert breaks(warehouse, sent, change), change
