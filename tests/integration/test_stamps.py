"""A publication is stamped with what it was built from; what came later is built next."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import load_settings
from pipelines.warehouse.corrections import forget
from pipelines.warehouse.refresh import PointInTime, Refresh
from tests.integration.conftest import FILES, drop
from tests.support.homes import keybook, query

NEWEST = PointInTime()
ONE_MORE = FILES["invoices.csv"].splitlines()[0] + "\nbooks,i4,1004,,c1,2026-03-20,2026-04-19,EUR,32.00,40.00,issued\n"


def _refresh(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


@pytest.fixture
def building(small: Path) -> Refresh:
    """A run that has built, of the four files there were, and has not published yet."""
    work = _refresh(small)
    with work.warehouse.writing():
        assert work.start_build("run", NEWEST) == set()
    return work


def test_a_file_landed_while_building_is_built_next(building: Refresh, small: Path) -> None:
    drop(small, {"more.csv": ONE_MORE})
    assert len(_refresh(small).land(run_id="another run")) == 1
    assert building.publish("run", ()).files == 4
    assert not building.is_current(NEWEST)
    assert "billing_invoices" in (building.changed(NEWEST) or set())
    assert keybook("refresh", "--home", small).exit_code == 0
    assert query(small, "select count(*) from reporting.rpt_open_invoices where invoice_number = '1004'") == [(1,)]
    assert "Nothing has changed" in keybook("refresh", "--home", small).output


def test_a_file_forgotten_while_building_is_taken_out_next(building: Refresh, small: Path) -> None:
    forget(_refresh(small), "payments.csv")
    assert building.publish("run", ()).files == 4
    assert not building.is_current(NEWEST)
    assert "billing_payments" in (building.changed(NEWEST) or set())


def test_a_project_edited_while_building_is_built_next(building: Refresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.warehouse.refresh.project_digest", lambda: "another project")
    building.publish("run", ())
    assert not building.is_current(NEWEST)
    assert building.changed(NEWEST) is None
