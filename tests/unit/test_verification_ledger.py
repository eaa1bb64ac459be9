"""The proof's ledger and the tests' plain one, on the random streams of billing rows: no model, no publication.

Both were written from the definitions: the one replays each stream by itself, row by row, the other all of them in bulk.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pipelines.verification.documents import read_books
from pipelines.verification.rates import Rates
from pipelines.verification.receivables import COLUMNS, balances
from pipelines.verification.rows import Raw, Run
from pipelines.verification.settlement import Settlement
from tests.dbt.test_receivables_streams import AS_OF, Stream, batches
from tests.support.ledger import BUCKETS, Book
from tests.support.oracle import SEEDS
from tests.support.raw_rows import files_of, write_raw

DAYS = (AS_OF, date(2025, 1, 31), date(2024, 7, 14), date(2024, 3, 1), date(2024, 1, 20))
NAMES = (*BUCKETS, "open_amount", "credit_amount", "unapplied_amount")


def parameters() -> dict[str, float]:
    with (SEEDS / "parameter_defaults.csv").open(encoding="utf-8", newline="") as file:
        return {row["parameter"]: float(row["value"]) for row in csv.DictReader(file)}


@settings(
    max_examples=3, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(batch=batches())
def test_the_proof_and_the_plain_ledger_agree(batch: list[Stream], tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("proof")
    rows: dict[str, list[Any]] = defaultdict(list)
    for stream in batch:
        for entity, found in stream.rows.items():
            rows[entity] += [row | {"_system": stream.system} for row in found]
    write_raw(home, dict(rows))
    folder = home / "warehouse" / "raw"
    tried = dict.fromkeys(COLUMNS, Decimal(0))
    for day in DAYS:
        raw = Raw(folder, Run(day, "EUR", "EUR", "UTC", "SE", 31), parameters(), files_of(folder))
        books = read_books(raw, {})
        Settlement(raw, books, Rates(raw))
        proven = balances(books, day)
        for name, cells in proven.items():
            tried[name] += sum(map(abs, cells.values()), Decimal(0))
        for stream in batch:
            expected = Book(stream.system, stream.rows, day).balances(day)
            told = {name: {account: row[name] for account, row in expected.items() if row.get(name)} for name in NAMES}
            own = {
                name: {
                    account: amount
                    for (account, currency), amount in proven[name].items()
                    if currency == stream.currency
                }
                for name in NAMES
            }
            assert own == told, f"balances on {day} of {stream.told()}"
    assert all(tried.values()), tried
