"""Numbers whose decimals a spreadsheet saved as its country writes them are those that the vendor wrote."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.exports.entities import entities
from tests.support.landing import Landed, contract, land

EXPORTS = Path(__file__).resolve().parents[1] / "fixtures/exports"
# Amounts that are parts of sums, that a case asks whether they are nought, in minor units and beside others' own marks.
FIXTURES = (
    "hubspot/deals.csv",
    "hubspot/payments.csv",
    "stripe/invoices.csv",
    "stripe/payments.csv",
    "erpnext/sales_invoice.csv",
    "freshbooks/invoice_details.csv",
    "quickbooks/invoices_page.csv",
    "xero/sales_invoices.csv",
    "zoho_books/Invoice.csv",
)
NUMBER = re.compile(r"(\D*)(\d{1,3}(?:,\d{3})+|\d+)\.(\d+)(\D*)")
DEALS = contract("""
contract: test_deals
title: Test deals
system: test
recognise: {headers: [Id, Name, Amount, Chance]}
entities: {crm.deals: {columns: {deal_id: {from: Id, required: true}, name: Name, amount: Amount, probability: {from: Chance, unit: percent}}}}
""")


def _with_commas(text: str) -> str:
    """The table as it is saved where a semicolon stands between cells and a comma before decimals."""
    out = io.StringIO()
    rows = csv.reader(io.StringIO(text))
    written = [[_with_comma(cell) for cell in row] for row in rows]
    csv.writer(out, delimiter=";").writerows(written)
    return out.getvalue()


def _with_comma(cell: str) -> str:
    found = NUMBER.fullmatch(cell)
    return f"{found[1]}{found[2].replace(',', '.')},{found[3]}{found[4]}" if found else cell


def _rows(landed: Landed) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for row in landed.receipt.entities:
        name = f"{row['domain']}.{row['entity']}"
        found[name] = landed.rows(name, ", ".join(column.name for column in entities()[name].columns))
    return found


def _codes(landed: Landed) -> list[str]:
    return [finding["code"] for finding in landed.receipt.findings]


@pytest.mark.parametrize("name", FIXTURES)
def test_a_file_that_was_saved_with_decimal_commas_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    text = (EXPORTS / name).read_text("utf-8-sig")
    for folder in ("as_it_is", "saved"):
        (tmp_path / folder).mkdir()
    as_it_is, saved = land(tmp_path / "as_it_is", text), land(tmp_path / "saved", _with_commas(text))
    assert _rows(as_it_is)
    assert _rows(saved) == _rows(as_it_is)
    # One contract says itself that its vendor writes either mark.
    assert ("decimal_otherwise" in _codes(saved)) == (name != "stripe/payments.csv")


@pytest.mark.parametrize(
    ("amounts", "read", "is_told"),
    [
        (["1250,50", "1.250"], ["1250.5", "1250"], True),
        (["€ 1.234.567,8", "-3,25", ""], ["1234567.8", "-3.25", None], True),
        # What can only be a thousand in the contract's way, beside one slip.
        (["12,50", "1,250"], ["1250"], False),
        (["12,50", "3.5"], ["3.5"], False),
        (["1,250", "90"], ["1250", "90"], False),
        (["1,250,000.50", "7"], ["1250000.5", "7"], False),
        (["1250,50", "about 3,5"], ["1250.5"], True),
    ],
)
def test_one_number_tells_the_mark_of_all_where_none_speaks_against_it(
    tmp_path: Path, amounts: list[str], read: list[str | None], is_told: bool
) -> None:
    lines = [f"{place};deal of 1,5 tons;{amount};50" for place, amount in enumerate(amounts)]
    landed = land(tmp_path, "\n".join(["Id;Name;Amount;Chance", *lines]), DEALS)
    expected = [None if amount is None else Decimal(amount) for amount in read]
    assert [amount for (amount,) in landed.rows("crm.deals", "amount")] == expected
    assert ("decimal_otherwise" in _codes(landed)) == is_told
    # What could not be read is told as it stands in the file.
    assert {value for (value,) in landed.rejects("value")} <= set(amounts)
    assert len(landed.rejects("line")) == len(amounts) - len(read)
