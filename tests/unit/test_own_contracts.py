"""Contracts in the home: beside the shipped ones, instead of one of the same name, and named when they are broken."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from tests.support.homes import keybook

OWN = """\
contract: {name}
title: Our own sheet
system: ours
recognise: {{headers: [Kundnr, Kund, Ort]}}
entities:
  billing.customers:
    columns: {{customer_id: Kundnr, name: Kund, city: Ort}}
"""
# The headers of a template that is shipped; here they mean something else.
INSTEAD = """\
contract: keybook_billing_customers
title: Our own customers
system: ours
recognise: {headers: [customer_id, name]}
entities:
  billing.customers:
    columns: {customer_id: customer_id, name: {join: [name, customer_id], with: "/"}}
"""
SHEET = "Kundnr,Kund,Ort\n1,Ek AB,Umeå\n"
TEMPLATE = "customer_id,name\n1,Ek AB\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an export that no shipped contract knows, and one that a template knows."""
    for folder in ("landing", "contracts"):
        (tmp_path / folder).mkdir()
    (tmp_path / "landing" / "sheet.csv").write_text(SHEET, encoding="utf-8")
    (tmp_path / "landing" / "template.csv").write_text(TEMPLATE, encoding="utf-8")
    return tmp_path


def _own(home: Path, name: str, text: str) -> None:
    (home / "contracts" / f"{name}.yml").write_text(text, encoding="utf-8")


def _land(home: Path) -> dict[str, tuple[str, bool]]:
    """Each file that is landed now: the contracts that read it, and whether something of it was held."""
    receipts = Refresh(load_settings(home=home)).land()
    return {receipt.file: (", ".join(receipt.digests), bool(receipt.held)) for receipt in receipts}


def test_own_contracts_are_known_and_one_of_a_shipped_name_replaces_it(home: Path) -> None:
    assert _land(home) == {"sheet.csv": ("", True), "template.csv": ("keybook_billing_customers", False)}
    work = Refresh(load_settings(home=home))
    _own(home, "ours", OWN.format(name="ours"))
    # One process goes on, as Dagster's does: it takes contracts as they are now.
    assert [file.name for file in work.new_files()] == ["sheet.csv"]
    assert _land(home) == {"sheet.csv": ("ours", False)}
    _own(home, "keybook_billing_customers", INSTEAD)
    assert _land(home) == {"template.csv": ("keybook_billing_customers", False)}
    query = "select name, _system from read_parquet(?) order by all"
    rows = duckdb.execute(query, [str(home / "warehouse/raw/billing/customers/*[0-9a-f].parquet")]).fetchall()
    assert rows == [("Ek AB", "ours"), ("Ek AB/1", "ours")]
    (home / "contracts" / "keybook_billing_customers.yml").unlink()
    assert _land(home) == {"template.csv": ("keybook_billing_customers", False)}
    rows = duckdb.execute(query, [str(home / "warehouse/raw/billing/customers/*[0-9a-f].parquet")]).fetchall()
    assert rows == [("Ek AB", "keybook"), ("Ek AB", "ours")]


@pytest.mark.parametrize(
    "text", ["contract: [", "just words", "", OWN.format(name="other"), OWN.format(name="bad") + "strange: 1\n"]
)
def test_a_broken_contract_is_named_and_holds_nothing_else_up(home: Path, text: str) -> None:
    _own(home, "bad", text)
    _own(home, "ours", OWN.format(name="ours"))
    assert _land(home) == {"sheet.csv": ("ours", False), "template.csv": ("keybook_billing_customers", False)}
    (trouble,) = Refresh(load_settings(home=home)).troubles()
    assert (trouble["file"], trouble["code"]) == ("contracts/bad.yml", "contract_broken")
    assert trouble["said"]
    detected = keybook("detect", home / "landing" / "sheet.csv", "--home", home)
    assert detected.exit_code == 0
    assert "contracts/bad.yml" in detected.stderr


def test_the_shipped_contract_counts_where_its_replacement_is_broken(home: Path) -> None:
    _own(home, "keybook_billing_customers", "contract: [")
    assert _land(home)["template.csv"] == ("keybook_billing_customers", False)


def test_a_first_contract_is_written_into_the_home(home: Path) -> None:
    made = keybook("contract", "new", home / "landing" / "sheet.csv", "--home", home)
    assert made.exit_code == 0, made.output
    assert [path.name for path in (home / "contracts").iterdir()] == ["sheet_customers.yml"]
    assert _land(home)["sheet.csv"] == ("sheet_customers", False)
    again = keybook("contract", "new", home / "landing" / "sheet.csv", "--home", home)
    assert again.exit_code == 2
