"""A publication while pages are open: they move to it, see all of it or all of the one before, and never an error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboards.queries import accounts, overview
from dashboards.queries.base import Filters, resolve, rows
from tests.dashboards.conftest import tile
from tests.support.publications import Rows, publish, withdraw

Open = Callable[..., AppTest]


def numbered(number: int, accounts: int = 48) -> Rows:
    """Rows of three tables that hold one number, so that a mix of publications would show."""
    ids = [f"crm:{400 + place}" for place in range(accounts)]
    person = {"owner_id": "crm:1", "owner_name": "Astrid Berg"}
    return {
        "rpt_run": [{"as_of_date": "2026-11-20", "base_currency": "EUR"}],
        "rpt_accounts": [
            {"account_id": id, "account_name": id, "status": "active", "is_named": True, "team": "North", "revenue_12m": number,
             "base_currency": "EUR", "as_of_date": "2026-11-20", **person}
            for id in ids
        ],
        "rpt_account_monthly": [
            {"account_id": id, "month": "2026-11-01", "open_amount_end": number, "base_currency": "EUR"} for id in ids
        ],
    }  # fmt: skip


def test_the_next_run_shows_the_new_publication_alone(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", numbered(1))
    app = open_page("accounts", at_home=tmp_path)
    assert tile(app, "Revenue").value == "EUR 48"
    publish(tmp_path, "v2", numbered(2, 47))
    withdraw(tmp_path, ["v1"])
    app.run()
    assert not app.exception
    assert tile(app, "Revenue").value == "EUR 94"
    assert tile(app, "Accounts").value == "47"


def test_a_choice_that_is_no_longer_there_is_dropped(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", numbered(1))
    app = open_page("accounts", at_home=tmp_path)
    app.sidebar.multiselect(key="team").set_value(["North"]).run()
    publish(tmp_path, "v2", numbered(1), changes=["update reporting.rpt_accounts set team = 'West', owner_id = null"])
    app.run()
    assert not app.exception
    assert tile(app, "Accounts").value == "48"


def test_a_cursor_reads_on_after_its_file_was_taken_away(tmp_path: Path) -> None:
    file = publish(tmp_path, "v1", numbered(1))
    link = tmp_path / "warehouse" / "keybook.duckdb"
    opened = resolve(link)
    assert opened == str(file)
    everything = accounts.Asked()
    assert accounts.totals(opened, Filters(), everything)["revenue_12m"] == 48
    publish(tmp_path, "v2", numbered(2))
    withdraw(tmp_path, ["v1"])
    st.cache_data.clear()
    assert accounts.totals(opened, Filters(), everything)["revenue_12m"] == 48
    newer = resolve(link)
    assert newer is not None
    assert newer != opened
    assert accounts.totals(newer, Filters(), everything)["revenue_12m"] == 96


def test_readers_never_see_a_half_or_an_error(tmp_path: Path) -> None:
    publish(tmp_path, "v0", numbered(0))
    link = tmp_path / "warehouse" / "keybook.duckdb"
    seen: list[tuple[int, int]] = []
    failures: list[BaseException] = []
    done, moved = threading.Event(), threading.Condition()
    # The publication that each reader saw last.
    last = [0, 0, 0]

    def read(reader: int) -> None:
        try:
            while not done.is_set():
                warehouse = resolve(link)
                assert warehouse is not None
                first = rows(overview.by_status(warehouse, Filters()))
                number = int(sum(row["revenue_12m"] for row in first)) // 48
                second = rows(overview.monthly(warehouse, Filters()))[-1]["open_amount"]
                with moved:
                    seen.append((number, int(second) // 48))
                    last[reader] = number
                    moved.notify()
        except BaseException as error:
            with moved:
                failures.append(error)
                moved.notify()

    readers = [threading.Thread(target=read, args=[reader]) for reader in range(len(last))]
    for reader in readers:
        reader.start()
    for number in range(1, 7):
        publish(tmp_path, f"v{number}", numbered(number))
        if number > 2:
            withdraw(tmp_path, [f"v{number - 3}"])
        # However slow the machine is: the next one comes while they read this one.
        with moved:
            came = moved.wait_for(lambda number=number: failures or min(last) == number, timeout=60)
        if failures or not came:
            break
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert last == [6, 6, 6], "a reader does not see a new publication"
    assert all(first == second for first, second in seen)


@pytest.mark.parametrize("exists", [False, True])
def test_resolve_names_the_file_behind_the_link(tmp_path: Path, exists: bool) -> None:
    link = tmp_path / "warehouse" / "keybook.duckdb"
    link.parent.mkdir(parents=True)
    if exists:
        (tmp_path / "file.duckdb").touch()
    link.symlink_to(tmp_path / "file.duckdb")
    assert resolve(link) == (str(tmp_path / "file.duckdb") if exists else None)
