"""One JSON document of many tables: each is landed, header and lines tie; landing alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.homes import SHARED
from tests.support.landing import land

FILE = SHARED / "chinook" / "ChinookData.json"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"the data set is not there: {FILE}")


def test_every_table_is_landed_and_lines_tie_to_their_invoices(tmp_path: Path) -> None:
    landed = land(tmp_path, FILE, name=FILE.name)
    assert landed.receipt.held == []
    counts = {f"{row['domain']}.{row['entity']}": row["rows_loaded"] for row in landed.receipt.entities}
    assert counts == {
        "crm.accounts": 59, "crm.contacts": 59, "billing.customers": 59, "crm.employees": 8, "billing.invoices": 412,
        "billing.invoice_lines": 2240, "crm.products": 3503,
    }  # fmt: skip
    assert landed.receipt.rows_rejected == 0
    headers = dict(landed.rows("billing.invoices", "invoice_id, gross_amount"))
    lines: dict[str, Decimal] = dict.fromkeys(headers, Decimal(0))
    for invoice, quantity, price in landed.rows("billing.invoice_lines", "invoice_id, quantity, unit_price"):
        lines[invoice] += quantity * price
    assert lines == headers
    refused = [finding for finding in landed.receipt.findings if finding["severity"] == "note"]
    assert len(refused) == 6
