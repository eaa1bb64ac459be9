"""What newer, narrower, filtered and foreign exports leave standing: each case as files, through the whole refresh."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from tests.integration.conftest import drop
from tests.support.homes import build, keybook, query

HUBSPOT, SALESFORCE = (
    f"from staging.stg_crm__deals where _system = '{name}'" for name in ("hubspot", "salesforce_report")
)
DEALS = """Record ID,Deal Name,Deal Stage,Deal owner,Amount,Currency,Create Date,Close Date
101,Oak floor,Contract Sent,Ada,1000.00,SEK,2026-01-05 09:00,2026-03-01 10:00
102,Roof,Qualified To Buy,Bo,250.00,SEK,2026-01-06 09:00,2026-04-01 10:00
103,Shed,Contract Sent,Bo,80.00,SEK,2026-01-07 09:00,2026-04-01 10:00
"""
# The same view without the columns Amount and Currency; one owner is emptied, and one deal is won.
NARROW = """Record ID,Deal Name,Deal Stage,Deal owner,Create Date,Close Date
101,Oak floor,Closed Won,Ada,2026-01-05 09:00,2026-02-10 10:00
102,Roof,Qualified To Buy,,2026-01-06 09:00,2026-04-01 10:00
104,Barn,Contract Sent,Ada,2026-02-11 09:00,2026-05-01 10:00
"""
# Amount is back without Currency, and empty for one deal: that is a real emptiness.
WIDE_AGAIN = """Record ID,Deal Name,Deal Stage,Deal owner,Amount,Create Date,Close Date
102,Roof,Qualified To Buy,Bo,,2026-01-06 09:00,2026-04-01 10:00
103,Shed,Contract Sent,Bo,90.00,2026-01-07 09:00,2026-04-01 10:00
"""

REPORT = "Opportunity Owner,Account Name,Opportunity Name,Stage,Amount,Amount Currency,Created Date,Close Date\n"
SIX = [
    f"Ada,Client {number},Deal {number},Prospecting,{number}00.00,EUR,2026-01-0{number},2026-05-01\n"
    for number in range(1, 7)
]
AMOUNTS = """select file, loaded, superseded from reporting.rpt_control_totals
where entity = 'deals' and measure = 'amount' and file like 'deals-%' and file_total <> 0 order by 1"""
AGEING = """Example Works Ltd
A/R Aging Detail
"As of March 5, 2024"

,Date,Transaction type,Num,Customer full name,Due date,Amount,Open balance
CURRENT,,,,,,,
"""
OPEN_ITEMS = [
    f",02/2{number}/2024,Invoice,100{number},Client {number},03/21/2024,{amount}.00,{amount}.00\n"
    for number, amount in ((1, 500), (2, 400), (3, 300), (4, 250), (5, 250))
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of three systems, and newer ones.

    Of deals one with fewer columns; of a report of 6 rows and an ageing of 1,700 two filtered views, one after the other.
    Each lot is landed by itself; the last one's refresh builds of them all.
    """
    home = tmp_path_factory.mktemp("lost")
    (home / "keybook.toml").write_text('default_currency = "EUR"\nkeep_superseded_days = 1\n', encoding="utf-8")
    exports = {
        "deals-1.csv": DEALS,
        "report-1.csv": REPORT + "".join(SIX),
        "ageing-1.csv": AGEING + "".join(OPEN_ITEMS),
    }
    drop(home, exports)
    assert not any(receipt.held for receipt in Refresh(load_settings(home=home)).land())
    drop(home, {"deals-2.csv": NARROW})
    for again in (2, 3):
        # The second view is not the same file: a deal has another owner, an invoice another balance.
        report = REPORT + "".join(SIX[:4]).replace("Ada", f"Ada {again}")
        ageing = AGEING + OPEN_ITEMS[0].replace("500.00\n", f"{500 - again}.00\n")
        drop(home, {f"report-{again}.csv": report, f"ageing-{again}.csv": ageing})
        if again == 2:
            Refresh(load_settings(home=home)).land()
    result = keybook("refresh", "--home", home)
    assert result.exit_code == 3, result.output
    assert "report-3.csv: a full export; takes away of crm.deals: nothing, see below." in result.output
    for again in (2, 3):
        assert f"held      report-{again}.csv: read as all that the system has" in result.output
        assert f"held      ageing-{again}.csv: read as all that the system has" in result.output
    assert "held      deals-2.csv" not in result.output
    assert "keybook accept" in result.output
    return home


@pytest.fixture(scope="module")
def later(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy in which a person calls one of the views whole, and deals come with a column again; what the refresh said."""
    later = shutil.copytree(home, tmp_path_factory.mktemp("later") / "home", symlinks=True)
    assert keybook("accept", "report-3.csv", "--home", later).exit_code == 0
    drop(later, {"deals-3.csv": WIDE_AGAIN})
    result = keybook("refresh", "--home", later)
    assert result.exit_code == 3, result.output
    return later, result.stderr


def test_a_column_that_is_no_longer_there_keeps_what_is_known(home: Path) -> None:
    deals = query(home, f"select deal_id, amount, currency, status, owner_id {HUBSPOT} order by 1")
    assert deals == [
        ("101", 1000, "SEK", "won", "Ada"),
        ("102", 250, "SEK", "open", None),
        ("103", 80, "SEK", "open", "Bo"),
        # Of a deal that no export with the column held nothing is known.
        ("104", None, "EUR", "open", "Ada"),
    ]


def test_what_is_kept_is_a_finding_and_stays_where_it_stands(home: Path) -> None:
    said = query(
        home,
        "select file, column_name, name, row_count from reporting.rpt_landing_findings where file like 'deals-%' order by 2",
    )
    assert said == [("deals-2.csv", "Amount", "deals-1.csv", 2), ("deals-2.csv", "Currency", "deals-1.csv", 2)]
    # Deal 104 stands in no export with an amount; the deals that do keep theirs.
    status = keybook("status", "--home", home).output
    kept = "missing   deals-2.csv: without Amount: kept as deals-1.csv said it (rows: 2); of the other rows: no amount"
    assert kept in status
    kept = query(home, f"select _kept['amount'].file, _kept['amount'].line {HUBSPOT} order by deal_id")
    assert kept == [("deals-1.csv", 2), ("deals-1.csv", 3), (None, None), (None, None)]
    assert query(home, AMOUNTS) == [("deals-1.csv", 1330, 0)]
    hits = json.loads(keybook("find", "Oak floor", "--json", "--home", home).stdout)["hits"]
    assert [(hit["file"], hit["state"]) for hit in hits] == [("deals-1.csv", "superseded"), ("deals-2.csv", "counted")]
    # The stage and the owner of the older rows were changed, the amounts were not.
    assert query(
        home, "select row_key, state from reporting.rpt_superseded_rows where system = 'hubspot' order by 1"
    ) == [
        ("101", "changed"),
        ("102", "changed"),
    ]


def test_of_rows_that_begin_after_the_day_too_it_stays_where_it_stands(home: Path, tmp_path: Path) -> None:
    earlier = shutil.copytree(home, tmp_path / "home", symlinks=True)
    build(earlier, ["rpt_control_totals"], as_of="2026-01-05")
    assert query(earlier, f"select deal_id {HUBSPOT}") == [("101",)]
    assert query(earlier, AMOUNTS) == [("deals-1.csv", 1330, 0)]


def test_a_blank_cell_in_a_column_that_is_there_erases(later: tuple[Path, str]) -> None:
    deals = query(later[0], f"select deal_id, amount, currency, owner_id {HUBSPOT} order by 1")
    assert deals[1] == ("102", None, "SEK", "Bo")
    assert deals[0] == ("101", 1000, "SEK", "Ada")
    # An amount whose file says no currency is that of the older file, and stands in its own file's total.
    assert deals[2] == ("103", 90, "SEK", "Bo")
    assert query(later[0], AMOUNTS) == [("deals-1.csv", 1000, 330), ("deals-3.csv", 90, 0)]
    status = keybook("status", "--home", later[0]).output
    assert "missing   deals-3.csv: without Currency: kept as deals-1.csv said it (rows: 2)\n" in status


def test_a_filtered_view_takes_nothing_away(home: Path) -> None:
    deals = query(home, f"select name, owner_id {SALESFORCE} order by 1")
    assert [name for name, _ in deals] == [f"Deal {number}" for number in range(1, 7)]
    # What it holds counts.
    assert {owner for _, owner in deals} == {"Ada", "Ada 3"}
    assert query(home, "select sum(open_amount) from reporting.rpt_open_invoices") == [(1697,)]
    held = query(
        home,
        "select file, row_count, other_count from reporting.rpt_landing_findings where severity = 'held' order by 1",
    )
    assert held == [("ageing-2.csv", 4, 5), ("ageing-3.csv", 4, 5), ("report-2.csv", 2, 6), ("report-3.csv", 2, 6)]


def test_what_a_person_calls_whole_takes_away(later: tuple[Path, str]) -> None:
    home, said = later
    assert "report-3.csv" not in said.replace("landed    report-3.csv", "")
    assert query(home, f"select count(*) {SALESFORCE}") == [(4,)]
    # Of the ageing nobody said anything.
    assert query(home, "select sum(open_amount) from reporting.rpt_open_invoices") == [(1697,)]
