"""Warehouses of the real data sets, each made once a test run; three of them together are published, gates and all."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.support.homes import SHARED, build, keybook, once

# How the real publication of three data sets ends: one of them has rejected rows.
REJECTED = 3
RECEIVABLES = ("rpt_data_health", "rpt_open_invoices", "rpt_receivable_aging", "rpt_receivable_kpis")


def _there(*sets: str) -> None:
    for name in sets:
        if not (SHARED / name).is_dir():
            pytest.skip(f"the data set {name} is not there: {SHARED / name}")


def _built(factory: pytest.TempPathFactory, data: str, *models: str, as_of: str | None = None) -> Path:
    """A home with models of a data set, gates and all."""
    _there(data)
    return once(factory, f"{data}-{as_of}", lambda home: build(home, models, SHARED / data, as_of))


def _published(folder: Path, sets: tuple[str, ...]) -> None:
    for name in sets:
        (folder / "landing" / name).mkdir(parents=True)
        for file in (SHARED / name).iterdir():
            (folder / "landing" / name / file.name).symlink_to(file)
    result = keybook("refresh", "--home", folder)
    assert result.exit_code == REJECTED, result.output


@pytest.fixture(scope="session")
def ibm_june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built(tmp_path_factory, "ibm_ar", *RECEIVABLES, as_of="2013-06-30")


@pytest.fixture(scope="session")
def ibm_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    forecast = ("fct_invoices", "fct_cash_forecasts", "fct_forecast_weeks", "rpt_forecast_backtest")
    return _built(tmp_path_factory, "ibm_ar", *RECEIVABLES, *forecast, as_of="2014-01-31")


@pytest.fixture(scope="session")
def all_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sets = ("zoho_crm", "ibm_ar", "pwc_calls")
    _there(*sets)
    return once(tmp_path_factory, "three-sets", partial(_published, sets=sets))
