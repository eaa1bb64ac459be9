"""The ageing history of 36 months of week ends over a million invoices, beside one query written by hand.

Both read the same ledger (`fct_receivable_events`). The models of Keybook also split instalments, hold disputes and
unapplied money apart and convert to the base currency; the query does none of this. Equal buckets first, then times.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.processes import GIB, machine, measure, table
from pipelines.exports.entities import entities
from pipelines.exports.landing.raw import RawStore, stored_columns

SQL = Path(__file__).resolve().parent / "sql" / "aging_history.sql"
MODELS = ["fct_receivable_intervals", "fct_receivable_balances"]
BUCKETS = ["not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120"]
RUN = {
    "base_currency": "EUR",
    "default_currency": "EUR",
    "business_timezone": "UTC",
    "default_country": "SE",
    "fx_max_age_days": 31,
    "fiscal_year_first_month": 1,
}
# Invoices of 36 months, most of them paid some weeks late, some in two parts, one in twenty not at all.
ROWS = {
    "billing.invoices": """
        select 'i' || i as invoice_id, 'c' || (hash(i) % 20000) as customer_id, 'EUR' as currency, 'issued' as status,
            date '2023-01-01' + cast(i % 1095 as integer) as issued_on,
            date '2023-01-31' + cast(i % 1095 as integer) as due_on, 100 + i % 900 as gross_amount
        from range({invoices}) as numbers (i)
    """,
    "billing.payments": """
        select 'p' || i as payment_id, 'c' || (hash(i) % 20000) as customer_id, 'EUR' as currency,
            date '2023-01-15' + cast(i % 1095 + hash(i * 7) % 75 as integer) as received_on, 100 + i % 900 as amount
        from range({invoices}) as numbers (i) where i % 20 <> 0
    """,
    "billing.applications": """
        select 'a' || i || '-' || part as application_id, 'p' || i as payment_id, 'i' || i as invoice_id,
            date '2023-01-15' + cast(i % 1095 + hash(i * 7) % 75 + 20 * part as integer) as applied_on,
            case when i % 4 <> 0 then 100 + i % 900 else (100 + i % 900) / 2 end as amount
        from range({invoices}) as numbers (i), range(2) as parts (part)
        where i % 20 <> 0 and (part = 0 or i % 4 = 0)
    """,
}


def write_rows(home: Path, rows: dict[str, str], **sizes: int) -> None:
    """Writes rows that queries make to the raw store of a home, by entity; the run's day is the last one of 2025."""
    store = RawStore(home / "warehouse" / "raw")
    store.prepare()
    connection = duckdb.connect()
    for entity_id, query in rows.items():
        entity = entities()[entity_id]
        given = f"select *, 'bench' as _system, 'f' as _file, row_number() over () as _row from ({query})"
        connection.execute(f"create or replace temp table given as {given.format(**sizes)}")
        has = {row[0] for row in connection.execute("describe given").fetchall()}
        columns = ", ".join(
            f"cast({name if name in has else 'null'} as {kind}) as {name}"
            for name, kind in stored_columns(entity).items()
        )
        target = store.root / entity.domain / entity.name / "bench-a.parquet"
        connection.execute(f"copy (select {columns} from given) to '{target}' (format parquet)")
    store.write_records({"as_of_date": "2025-12-31", **RUN})


def place_of_build(home: Path) -> Path:
    """Where the models of a home are built, which is made."""
    database = home / "warehouse" / ".build" / "current" / "keybook.duckdb"
    database.parent.mkdir(parents=True, exist_ok=True)
    return database


def build(home: Path, models: list[str]) -> None:
    """Builds some models of a home's raw store, without their tests."""
    from pipelines.settings import load_settings
    from pipelines.warehouse.transform import TransformError, build, failures

    results = build(load_settings(home=home), select=[*models, "--exclude-resource-type", "test"])
    if failures(results):
        raise TransformError("\n".join(failures(results)))


def by_hand(database: Path) -> None:
    """Runs the query written by hand on the ledger of a built database."""
    with duckdb.connect(str(database), config={"threads": 2}) as connection:
        connection.execute(SQL.read_text(encoding="utf-8"))


def compare(invoices: int, folder: Path) -> str:
    """The report.

    Raises:
        FailedRun: a process failed.
        AssertionError: the two histories differ.
    """
    about = machine()
    write_rows(folder, ROWS, invoices=invoices)
    built = place_of_build(folder)
    say = "import sys; from pathlib import Path; from benchmarks.aging import {0}; {0}(Path(sys.argv[1]){1})"
    names = ", " + repr(MODELS)
    measure(["-c", say.format("build", ", ['+fct_receivable_balances', 'fct_invoices']"), str(folder)])
    models = measure(["-c", say.format("build", names), str(folder)])
    nothing = measure(["-c", say.format("build", ", ['dim_dates']"), str(folder)])
    query = measure(["-c", say.format("by_hand", ""), str(built)])
    with duckdb.connect(str(built), read_only=True) as connection:
        columns = ", ".join(["as_of_date", "account_id", "currency", *BUCKETS])
        ours = f"select {columns} from marts.fct_receivable_balances where open_amount > 0"
        theirs = f"select {columns} from by_hand"
        apart = f"(({ours}) except ({theirs})) union all (({theirs}) except ({ours}))"
        differing, rows = connection.execute(
            f"select (select count(*) from ({apart})), (select count(*) from by_hand)"
        ).fetchall()[0]
    assert not differing, f"{differing} rows of the two histories differ"
    header = ["", "wall, s", "processor, s", "peak, GiB", "wall ÷ query"]
    lines = [
        [what, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.peak / GIB:.2f}", f"{one.wall / query.wall:.2f}"]
        for what, one in (
            ("One query written by hand", query),
            (f"The models {' and '.join(f'`{name}`' for name in MODELS)}", models),
            ("… of it starting dbt, and one small model", nothing),
        )
    ]
    told = f"{invoices:,} invoices of 36 months; {rows:,} rows of history, equal in both. {about}."
    return f"{told}\n\n{table(header, lines)}\n"


def main(invoices: int) -> str:
    """The report, made in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
        return compare(invoices, Path(folder))


if __name__ == "__main__":
    print(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
