"""Small cases that others wrote, each with the figures that must be published: read in place, and skipped where missing.

A case is a folder of files in the generic formats, of a system of its own, and `expected.json` with what to ask and the
right answer. All are landed together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.homes import SHARED, build, once

CASES = SHARED.parent / "cases"
TOLD = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*/expected.json"))]
AS_OF = "2026-03-31"
SETTINGS = """business_timezone = "Europe/Berlin"
base_currency = "EUR"
default_currency = "EUR"
default_country = "DE"
"""
# The macro `receivable_aging` reads what the history of it is made of.
MODELS = (
    "dim_contacts", "fct_account_movements", "fct_calls", "fct_invoice_lines", "fct_invoices", "fct_payments",
    "rpt_account_monthly", "rpt_account_revenue", "rpt_accounts", "rpt_call_response", "rpt_landing_findings",
    "rpt_missed_calls", "rpt_receivable_accounts", "rpt_receivable_aging", "rpt_receivable_findings", "rpt_team_scorecard",
)  # fmt: skip
# Findings are published as codes with what they are about, and words are made at the exit: V18b asks for a text that stood in
# a column `message`. Its currency is asked for where it stands now.
NOW = {"message like '%HUF%'": "code = 'two_rates' and name = 'HUF'"}


def _land(home: Path) -> None:
    landing = home / "landing"
    landing.mkdir()
    (home / "keybook.toml").write_text(SETTINGS, encoding="utf-8")
    for file in CASES.glob("*/*.csv"):
        (landing / f"{file.parent.name}-{file.name}").symlink_to(file)
    build(home, MODELS, as_of=AS_OF)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """All cases together."""
    home = once(tmp_path_factory, "cases", _land)
    with duckdb.connect(str((home / "warehouse" / "keybook.duckdb").resolve()), read_only=True) as warehouse:
        yield warehouse


def same(found: Any, right: Any) -> bool:
    """Whether an answer is the right one, to half a cent."""
    if found is None or right is None or isinstance(right, bool):
        return found is right
    try:
        return abs(Decimal(str(found)) - Decimal(str(right))) < Decimal("0.005")
    except InvalidOperation:
        return str(found) == str(right)


@pytest.mark.skipif(not TOLD, reason=f"the cases are not there: {CASES}")
def test_there_are_cases() -> None:
    assert sum(len(case["checks"]) for case in TOLD) > 100


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case["id"])
def test_figures_are_those_that_were_worked_out(case: dict[str, Any], published: duckdb.DuckDBPyConnection) -> None:
    wrong = []
    for check in case["checks"]:
        where = NOW.get(check["filter"], check["filter"])
        query = f"select (select {check['column']} from {check['table']} where {where})"
        [(found,)] = published.execute(query).fetchall()
        if not same(found, check["want"]):
            wrong.append(f"{check['what']}: {found}, not {check['want']}")
    assert not wrong
