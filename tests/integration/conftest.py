"""Homes for the integration tests: a small landing of hand-written exports, published once a test run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.homes import keybook, once

CUSTOMERS = "system,customer_id,name,currency\nbooks,c1,Alder AB,EUR\nbooks,c2,Birch Ltd,USD\n"
INVOICES = """system,invoice_id,number,document_kind,customer_id,issued_on,due_on,currency,net_amount,gross_amount,status
books,i1,1001,invoice,c1,2026-01-10,2026-02-09,EUR,100.00,125.00,issued
books,i2,1002,invoice,c1,2026-02-10,2026-03-12,EUR,80.00,100.00,issued
books,i3,1003,invoice,c2,2026-02-20,2026-03-22,USD,200.00,200.00,issued
"""
PAYMENTS = """system,payment_id,customer_id,received_on,currency,amount,status
books,p1,c1,2026-02-15,EUR,125.00,received
books,p2,c2,2026-03-25,USD,50.00,received
"""
APPLICATIONS = """system,application_id,payment_id,invoice_id,applied_on,amount
books,a1,p1,i1,2026-02-15,125.00
books,a2,p2,i3,2026-03-25,50.00
"""
FILES = {
    "customers.csv": CUSTOMERS,
    "invoices.csv": INVOICES,
    "payments.csv": PAYMENTS,
    "applications.csv": APPLICATIONS,
}


def drop(home: Path, files: dict[str, str]) -> None:
    """Writes exports into a home's landing folder."""
    landing = home / "landing"
    landing.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (landing / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "small", _publish)


def _publish(home: Path) -> None:
    drop(home, FILES)
    result = keybook("refresh", "--home", home)
    assert result.exit_code == 0, result.output


@pytest.fixture
def small(_small: Path, tmp_path: Path) -> Path:
    """A published home of one's own: a copy, links and all."""
    home = tmp_path / "home"
    shutil.copytree(_small, home, symlinks=True)
    return home
