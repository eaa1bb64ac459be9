"""The script that the refresh is held against: the same exports, the same final tables, written by hand for them.

It is what a good analyst would write for this one company: DuckDB and SQL alone, columns named as these vendors name
them, no rejects that say why, no provenance but where a report shows it, no tests, no history of versions, nothing that
another vendor's export could go through. Nor does it find out who is who: it is given that as a list, taken from the
refresh that it is compared with (`python -m benchmarks identity` holds that against the truth). Run it with
`python -m benchmarks.handwritten LANDING WHO DATABASE`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb

PARTS = ("read", "model", "report", "report_accounts")
SQL = Path(__file__).resolve().parent / "sql"


def tell_who(warehouse: Path, who: Path) -> None:
    """Writes which customer and which caller is which account, as a published warehouse has it, to a Parquet file."""
    with duckdb.connect(os.path.realpath(warehouse), read_only=True) as connection:
        connection.execute(
            """
            copy (
                select 'customer' as kind, native_id as id, account_id from reporting.rpt_account_identities
                where kind = 'billing_customer'
                union all
                select 'caller', client_digits, account_id from intermediate.int_callers_resolved
            ) to ? (format parquet)
            """,
            [str(who)],
        )


def run(landing: Path, who: Path, database: Path) -> None:
    """Reads the exports of a folder and writes the reports' tables into a new DuckDB file."""
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute("set variable landing = ?", [str(landing)])
        connection.execute("set variable who = ?", [str(who)])
        for part in PARTS:
            connection.execute((SQL / f"{part}.sql").read_text(encoding="utf-8"))
        connection.execute("checkpoint")


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
