"""The real invoice lines: documents made of lines, credit notes, repeated lines; landing alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.contracts.loading import load_contracts
from pipelines.exports.landing.folder import export_files
from pipelines.exports.landing.land import Landing, ReadingRules
from pipelines.exports.landing.raw import RawStore
from tests.support.homes import SHARED

FOLDER = SHARED / "uci_online_retail_2010_12"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the data set is not there: {FOLDER}")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = RawStore(tmp_path_factory.mktemp("uci") / "raw")
    store.prepare()
    landing = Landing(store, load_contracts(), ReadingRules())
    receipts = [landing.land_file(path, path.name) for path in export_files(FOLDER)]
    assert len(receipts) == 20
    assert not [message for receipt in receipts for message in receipt.held]
    assert sum(receipt.rows_rejected for receipt in receipts) == 0
    return store.root


def _one(raw: Path, select: str, pattern: str) -> tuple[object, ...]:
    return duckdb.execute(f"select {select} from read_parquet('{raw}/billing/{pattern}')").fetchall()[0]


def test_every_line_and_every_document_is_landed(raw: Path) -> None:
    lines = "invoice_lines/*[0-9a-f].parquet"
    assert _one(raw, "count(*), count(distinct line_id), count(distinct invoice_id)", lines) == (42_481, 42_481, 2_025)
    kinds = "count(*), count(*) filter (where document_kind = 'credit_note')"
    assert _one(raw, kinds, "invoices/*[0-9a-f].parquet") == (2_025, 326)


def test_customers_are_whole_numbers(raw: Path) -> None:
    found = _one(
        raw,
        "count(distinct customer_id), bool_and(regexp_full_match(customer_id, '\\d{5}'))",
        "customers/*[0-9a-f].parquet",
    )
    assert found == (948, True)


def test_documents_add_up_to_the_files(raw: Path) -> None:
    signed = "sum(case when document_kind = 'credit_note' then -gross_amount else gross_amount end)"
    assert _one(raw, signed, "invoices/*[0-9a-f].parquet") == (Decimal("748957.02"),)
    signed = "sum(case when invoice_id like 'C%' then -net_amount else net_amount end)"
    assert _one(raw, signed, "invoice_lines/*[0-9a-f].parquet") == (Decimal("748957.02"),)


def test_control_totals_are_the_same_for_documents_and_lines(raw: Path) -> None:
    # Credit notes are positive amounts: 823,746.14 of invoices and 74,789.12 of credit notes.
    both = (Decimal("898535.26"), Decimal("898535.26"), Decimal(0))
    for entity, measure in (("invoices", "gross_amount"), ("invoice_lines", "net_amount")):
        files = f"read_parquet('{raw}/billing/{entity}/*.totals.parquet')"
        select = f"select sum(file_total), sum(loaded), sum(rejected) from {files} where measure = '{measure}'"
        assert duckdb.execute(select).fetchall() == [both]
