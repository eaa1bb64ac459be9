"""The proof of a publication: every subject computed again and compared, told and put on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.bounds import connect, current
from pipelines.machine import GIB
from pipelines.verification import calls, deals, landed, receivables, revenue
from pipelines.verification.compare import Figure, Verdict, compare
from pipelines.verification.documents import account_names, customers_named, read_books
from pipelines.verification.rates import Rates
from pipelines.verification.rows import Raw
from pipelines.verification.settlement import Settlement
from pipelines.verification.shares import shares

# How each subject is computed again.
METHODS = {
    "landed": "rows_added_up", "balances": "ledger_replayed", "aging": "ledger_replayed",
    "collected": "ledger_replayed", "revenue": "documents_added_up", "deals": "histories_replayed",
    "calls": "legs_folded",
}  # fmt: skip


# Rows are read and walked in shares. What stays in memory beside a share is about so many bytes for each row: whose a
# document is, and the cells that come of it. Measured with 1,000,000 calls and 800,000 documents.
BOOKS = ("billing.invoices", "billing.payments", "billing.applications", "billing.adjustments")
ROW_BYTES = {
    "balances": (BOOKS, 250), "revenue": (("billing.invoices",), 350), "deals": (("crm.deals",), 500),
    "calls": (("calls.calls",), 100),
}  # fmt: skip
# While figures are computed again DuckDB has one part in so many of `memory_limit`, and they have the others.
OF_DUCKDB = 4


@dataclass(frozen=True)
class Line:
    """A row of `rpt_verification`."""

    subject: str
    table_name: str
    measure: str
    currency: str
    state: str
    verified_by: str
    cells: int
    cells_equal: int
    largest_difference: Any
    first_cell: str | None
    first_published: Any
    first_recomputed: Any


def verify(raw_folder: Path, publication: duckdb.DuckDBPyConnection) -> list[Verdict]:
    """Computes again what an open publication says, from a raw store, and compares.

    A part that breaks is told as not recomputed: no fault of the proof's own keeps a figure from being published.
    """
    publication.execute("set timezone = 'UTC'")
    return prove(Raw.of(raw_folder, publication), publication)


def prove(raw: Raw, publication: duckdb.DuckDBPyConnection) -> list[Verdict]:
    """The same, of rows that are read already."""
    if raw.run.as_of is None:
        return []
    rates = cache(lambda: Rates(raw))
    names = cache(lambda: account_names(publication))
    customers = cache(lambda: customers_named(publication))

    def settled() -> Iterator[Figure]:
        owed = receivables.Owed(raw, rates())
        for share in shares(raw, names()):
            books = read_books(share, names(), customers())
            Settlement(share, books, rates())
            owed.add(books)
        yield from owed.figures(publication)

    parts: dict[str, Callable[[], Iterator[Figure]]] = {
        "landed": lambda: landed.figures(raw, publication),
        "balances": settled,
        "revenue": lambda: revenue.figures(raw, publication, names(), rates()),
        "deals": lambda: deals.figures(raw, publication, rates()),
        "calls": lambda: calls.figures(raw, publication),
    }
    found: list[Verdict] = []
    for subject, part in parts.items():
        found += _verdicts(raw, subject, part)
        raw.let_go()
    return found


def _verdicts(raw: Raw, subject: str, part: Callable[[], Iterator[Figure]]) -> list[Verdict]:
    """What comes of one subject; a failure where it could not be computed again."""
    try:
        _fits(raw, subject)
        return [verdict for figure in part() for verdict in compare(figure)]
    except Exception as error:
        return [Verdict(subject, "", "", "", failure=f"{type(error).__name__}: {error}")]


def opened(database: Path | str, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Opens a database to be proven, with what of the memory is not for the proof itself."""
    return connect(database, read_only, current().part(OF_DUCKDB))


def _fits(raw: Raw, subject: str) -> None:
    """Holds the proof to the memory that the process may take, as far as it can be told beforehand.

    Raises:
        MemoryError: the rows take more.
    """
    read, each = ROW_BYTES.get(subject, ((), 0))
    rows = raw.count(*read)
    memory = current().memory
    bound = memory - memory // OF_DUCKDB
    if rows * each > bound:
        raise MemoryError(
            f"{rows:,} rows take about {rows * each / GIB:,.1f} GiB, more than the {bound / GIB:,.1f} GiB of "
            "memory_limit that it may take; raise the setting"
        )


def line(verdict: Verdict) -> Line:
    """A verdict as it is put on record: numbers and codes."""
    first = verdict.differences[0] if verdict.differences else None
    return Line(
        verdict.subject, verdict.table, verdict.measure, verdict.currency, verdict.state, METHODS[verdict.subject],
        verdict.cells, verdict.equal, verdict.largest, shown(first.key) if first else None, first and first.published,
        first and first.recomputed,
    )  # fmt: skip


def shown(key: tuple[Any, ...]) -> str:
    """A cell's key in one text."""
    parts = ("" if part is None else part.isoformat() if isinstance(part, date) else str(part) for part in key)
    return " · ".join(parts)


def record(database: Path, raw_folder: Path) -> list[Verdict]:
    """Verifies a build that nobody reads yet, and writes what came of it into its `rpt_verification`."""
    with opened(database) as connection:
        verdicts = verify(raw_folder, connection)
        connection.execute("delete from reporting.rpt_verification")
        for verdict in verdicts:
            row = asdict(line(verdict))
            marks = ", ".join("?" for _ in row)
            connection.execute(
                f"insert into reporting.rpt_verification ({', '.join(row)}) values ({marks})", list(row.values())
            )
    return verdicts


def told(verdicts: list[Verdict]) -> str:
    """The proof in one sentence."""
    cells, equal = (sum(getattr(verdict, name) for verdict in verdicts) for name in ("cells", "equal"))
    failed = sorted({verdict.subject for verdict in verdicts if verdict.failure})
    also = f"; not recomputed: {', '.join(failed)}" if failed else ""
    if not cells:
        return f"Computed again from raw: nothing{also}."
    if cells == equal:
        return f"Computed again from raw: {cells:,} figures, and all agree{also}."
    return f"Computed again from raw: {cells:,} figures, of which {cells - equal:,} DIFFER{also}."
