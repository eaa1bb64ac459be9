"""The script that the refresh is held against: the same exports, the same final tables, written by hand for them.

It is what a good analyst would write for this one company: DuckDB and SQL alone, columns named as these vendors name
them, no rejects that say why, no provenance but where a report shows it, no tests, no history of versions, nothing that
another vendor's export could go through. Run it with `python -m benchmarks.handwritten LANDING DATABASE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

PARTS = ("read", "model", "report", "report_accounts")
SQL = Path(__file__).resolve().parent / "sql"


def run(landing: Path, database: Path) -> None:
    """Reads the exports of a folder and writes the reports' tables into a new DuckDB file."""
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute("set variable landing = ?", [str(landing)])
        for part in PARTS:
            connection.execute((SQL / f"{part}.sql").read_text(encoding="utf-8"))
        connection.execute("checkpoint")


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
