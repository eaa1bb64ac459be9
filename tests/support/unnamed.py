"""The same company with documents that name no customer: it is as many customers as it was, and each is what it was.

What some customers have in billing is there a second time, under ids of its own, and says nobody, half of it in a currency
without a rate. It is money. So of what is counted in customers, averaged over them or said of one of them nothing may move;
what is another is money in sums, how documents without a customer are paid, and rows of their own. Nothing is taken from the
models.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import duckdb

from tests.support.truncation import Row, Rows

# What is billed and paid; a record of a customer, or what is brought forward from one, cannot be of nobody.
COPIED = ("invoices", "payments", "adjustments", "subscriptions")
PARTS = ("invoice_lines", "instalments", "applications")
IDS = ("invoice_id", "payment_id", "credit_note_id", "application_id", "line_id", "adjustment_id", "subscription_id")
LATER_LINES = 1_000_000
UNRATED = "ISK"


def with_documents_of_nobody(rows: Rows) -> Rows:
    """The rows, and what every fifth customer has in billing once more without the customer."""

    def is_chosen(row: Row) -> bool:
        return bool(row["customer_id"]) and zlib.crc32(str(row["customer_id"]).encode()) % 5 == 0

    chosen = {name: [row for row in rows[f"billing.{name}"] if is_chosen(row)] for name in COPIED}
    invoices = {(row["_system"], row["invoice_id"]) for row in chosen["invoices"]}
    payments = {(row["_system"], row["payment_id"]) for row in chosen["payments"]}
    for name in PARTS:
        chosen[name] = [
            row for row in rows[f"billing.{name}"]
            if (row["_system"], row["invoice_id"] or row.get("credit_note_id")) in invoices
            and (not row.get("payment_id") or (row["_system"], row["payment_id"]) in payments)
        ]  # fmt: skip
    added = {f"billing.{name}": [_of_nobody(row) for row in found] for name, found in chosen.items()}
    return {entity: [*found, *added.get(entity, [])] for entity, found in rows.items()}


def _of_nobody(row: Row) -> Row:
    made = row | {"customer_id": None, "deal_id": None, "_row": row["_row"] + LATER_LINES}
    if _is_unrated(row):
        made |= {"currency": UNRATED, "exchange_rate": None}
    return {name: f"nobody {value}" if name in IDS and value else value for name, value in made.items() if name in row}


def _is_unrated(row: Row) -> bool:
    """Whether what is copied of its customer is in a currency of which no rate is known: that of every other one."""
    return zlib.crc32(str(row.get("customer_id")).encode()) % 2 == 0 and "currency" in row


def moved(
    named: Path, unnamed: Path, contract: dict[str, dict[str, Any]], keys: dict[str, list[str]]
) -> dict[str, str]:
    """Column -> an example of a row that says something else in the second warehouse; `rows` of a table that has others.

    Rows of the account that is nobody, and of its documents, are not compared: they are what was added.

    Args:
        named: the warehouse of the company as it is.
        unnamed: that of it with documents of nobody.
        contract: table -> column -> what its YAML says of it.
        keys: table -> what no two rows share.
    """
    found: dict[str, str] = {}
    with duckdb.connect() as connection:
        for name, path in (("n", named), ("u", unnamed)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        for table, columns in contract.items():
            key = keys[table]
            place = " || ', ' || ".join(f"coalesce(cast({part} as varchar), '')" for part in key)
            ids = [part for part in columns if part.endswith("_id") or part in key]
            is_added = " or ".join(f"coalesce(cast({part} as varchar), '') like '%nobody %'" for part in ids) or "false"
            if "account_id" in columns:
                is_added += " or coalesce(account_id, '') like '%:unknown'"
            for world in "nu":
                connection.execute(
                    f"create or replace temp table {world}_rows as select *, {place} as place "
                    f"from {world}.reporting.{table} where not ({is_added})"
                )
            others = connection.execute(
                "select coalesce(n_rows.place, u_rows.place) from n_rows full join u_rows using (place) "
                "where n_rows.place is null or u_rows.place is null limit 1"
            ).fetchone()
            if others:
                found[f"{table}.rows"] = str(others[0])
            for column in columns.keys() - set(key):
                differs = connection.execute(
                    f"select place, n_rows.{column}, u_rows.{column} from n_rows inner join u_rows using (place) "
                    f"where n_rows.{column} is distinct from u_rows.{column} limit 1"
                ).fetchone()
                if differs:
                    found[f"{table}.{column}"] = f"{differs[0]}: {differs[1]} and {differs[2]}"
    return found
