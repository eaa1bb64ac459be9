"""The proof's ledger and the tests' plain one, on the random streams of billing rows: no model, no publication.

Both were written from the definitions: the one replays each stream by itself, row by row, the other all of them in bulk.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pipelines.verification import deals, shares
from pipelines.verification.compare import nonzero
from pipelines.verification.documents import Books, read_books
from pipelines.verification.rates import Rates
from pipelines.verification.receivables import COLUMNS, Owed, balances
from pipelines.verification.rows import Raw, Run
from pipelines.verification.settlement import Settlement
from tests.dbt.test_receivables_streams import AS_OF, Stream, batches
from tests.support.allocation_scenarios import allocation_scenarios
from tests.support.ledger import BUCKETS, Book
from tests.support.oracle import seed
from tests.support.raw_rows import files_of, write_raw
from tests.support.scenarios import AS_OF as LAST_TOLD
from tests.support.scenarios import scenarios

DAYS = (AS_OF, date(2025, 1, 31), date(2024, 7, 14), date(2024, 3, 1), date(2024, 1, 20))
NAMES = (*BUCKETS, "open_amount", "credit_amount", "unapplied_amount")


def parameters() -> dict[str, float]:
    return {row["parameter"]: float(row["value"]) for row in seed("parameter_defaults")}


def owed(raw: Raw, accounts: dict[str, str], rows: int | None = None) -> tuple[Owed, Books]:
    """What the proof adds up of books, and the last of them: in one share, or in several of about so many rows."""
    rates = Rates(raw)
    found = Owed(raw, rates)
    parts, most = shares.parts, rows or 10**9
    with patch.object(shares, "parts", lambda raw, entity, by: parts(raw, entity, by, most)):
        for share in shares.shares(raw, accounts, most):
            books = read_books(share, accounts)
            Settlement(share, books, rates)
            found.add(books)
    return found, books


@pytest.mark.parametrize("most", [1, 10**9])
def test_what_a_file_of_histories_gives_is_told_of_all_of_it(tmp_path: Path, most: int) -> None:
    """The export has a column of amounts, if but one deal has one: the others' are not known, also read in parts."""
    deals_ = [{"deal_id": f"{name}", "status": "open", "amount": 5, "created_at": "2024-01-01"} for name in range(9)]
    stages = [
        {"deal_id": f"{name}", "stage": "New", "status": "open", "entered_at": "2024-01-02"}
        | ({"amount": 7} if name == 4 else {})
        for name in range(9)
    ]
    write_raw(tmp_path, {"crm.deals": deals_, "crm.deal_stages": stages})
    folder = tmp_path / "warehouse" / "raw"
    raw = Raw(folder, Run(date(2024, 2, 1), "EUR", "EUR", "UTC", "SE", 31), parameters(), files_of(folder))
    parts = shares.parts
    with patch.object(deals, "parts", lambda raw, entity, by: parts(raw, entity, by, most)):
        told = deals.told_of(raw)
        found = {
            deal: span.amount
            for part in deals.parts(raw, "crm.deal_stages", deals.BY_DEAL)
            for deal, span in deals.open_deals(part, told)
            if span.until > date(2024, 2, 1)
        }
    assert found == {f"test:{name}": 7 if name == 4 else None for name in range(9)}


def totals(found: Owed) -> list[Any]:
    return [*map(nonzero, found.balances.values()), found.collected(), nonzero(found.by_account)]


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
    accounts = {f"{stream.system}:C8": f"{stream.system}:C0" for stream in batch}
    for day in DAYS:
        raw = Raw(folder, Run(day, "EUR", "EUR", "UTC", "SE", 31), parameters(), files_of(folder))
        whole, books = owed(raw, accounts)
        proven = balances(books, day)
        # Some twenty shares where all has happened; that there are several is enough on the other days.
        assert totals(owed(raw, accounts, 40 if day == AS_OF else 400)[0]) == totals(whole)
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


def test_the_proof_tells_the_stories(tmp_path: Path) -> None:
    """The small stories with a bookkeeper's balances, on each of their days."""
    stories = [*scenarios(), *allocation_scenarios()]
    rows: dict[str, list[Any]] = defaultdict(list)
    for story in stories:
        rows["billing.customers"].append({"customer_id": story.name, "name": story.name})
        for entity, found in story.rows.items():
            rows[entity] += found
    write_raw(tmp_path, rows)
    folder = tmp_path / "warehouse" / "raw"
    raw = Raw(folder, Run(LAST_TOLD, "EUR", "EUR", "UTC", "SE", 31), parameters(), files_of(folder))
    whole, books = owed(raw, {})
    assert totals(owed(raw, {}, 10)[0]) == totals(whole)
    names = ("open_amount", "overdue_amount", "credit_amount", "unapplied_amount")
    for day in sorted({day for story in stories for day in story.balances}):
        found = balances(books, day)
        proven = {
            story.name: tuple(found[name].get((f"test:{story.name}", "EUR"), 0) for name in names)
            for story in stories
            if day in story.balances
        }
        assert proven == {story.name: story.balances[day] for story in stories if day in story.balances}, day
