"""The same company with and without exchange rates, and what the second may say: what the first says, or nothing.

A company whose every amount is in the base currency is wholly known. Written in another currency, all of it or what is of
every other customer and deal, and without any rate, it is the same company of which less is known. So each figure of it is
the first one's or unknown; money in the base currency is the known part where a count of the row says that a part is
missing, and never 0 where the first is not. Nothing is taken from the models.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.support.truncation import Row, Rows

BASE, UNRATED = "EUR", "SEK"
# Whose row it is: what is of one of them is in one currency.
OWNERS = {
    "crm.deals": "deal_id", "crm.deal_stages": "deal_id", "billing.customers": "customer_id",
    "billing.invoices": "customer_id", "billing.orders": "customer_id", "billing.opening_balances": "customer_id",
    "billing.payments": "customer_id", "billing.adjustments": "customer_id", "billing.subscriptions": "customer_id",
    "billing.promises": "customer_id", "crm.documents": "account_id", "crm.products": "product_id",
    "plan.budgets": "account_id", "plan.costs": "account_id", "calls.channel_costs": "source",
}  # fmt: skip
# How a row says that an amount is missing.
COUNTS = ("missing_rate_count", "missing_amount_count", "unpriced_count", "missing_rate_count_12m")
NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT")


def in_currency(rows: Rows, is_unrated: Callable[[str], bool], *, have_deals_amounts: bool = True) -> Rows:
    """The rows without rates; in the currency that has none what is of an owner for whom `is_unrated` holds.

    Without `have_deals_amounts` nobody says what a deal is worth either.
    """
    together = _who_pay_for_each_other(rows)

    def written(entity: str, row: Row) -> Row:
        owner = str(row.get(OWNERS.get(entity, "")) or row.get("payment_id"))
        owner = together.get(owner, owner)
        changed = {"exchange_rate": None, "payment_amount": None}
        changed["currency"] = UNRATED if is_unrated(owner) else BASE
        if entity in ("crm.deals", "crm.deal_stages") and not have_deals_amounts:
            changed["amount"] = None
        return row | {name: value for name, value in changed.items() if name in row}

    return {
        entity: [written(entity, row) for row in given] for entity, given in rows.items() if entity != "plan.fx_rates"
    }


def _who_pay_for_each_other(rows: Rows) -> dict[str, str]:
    """Customers, and payments without one, to one of those who pay or are paid for by them: they have one currency."""
    invoiced = {row["invoice_id"]: row["customer_id"] for row in rows["billing.invoices"]}
    payers = {row["payment_id"]: row["customer_id"] or row["payment_id"] for row in rows["billing.payments"]}
    found: dict[str, str] = {}
    for row in rows["billing.applications"]:
        payer, debtor = payers.get(row["payment_id"]), invoiced.get(row["invoice_id"])
        if payer and debtor and payer != debtor:
            one, other = found.setdefault(payer, payer), found.setdefault(debtor, debtor)
            found |= {name: one for name, of in found.items() if of == other}
    return found


def nobody(owner: str) -> bool:
    """All is in the base currency."""
    return False


def everybody(owner: str) -> bool:
    """All is in the currency without a rate."""
    return True


def every_other(owner: str) -> bool:
    """Half of the owners are."""
    return zlib.crc32(owner.encode()) % 2 == 1


@dataclass(frozen=True)
class Said:
    """A figure that is said though it is not known: an example, and how many rows have it."""

    rows: int
    example: str


def said_though_unknown(
    known: Path, less: Path, contract: dict[str, dict[str, Any]], keys: dict[str, list[str]], *, is_whole: bool
) -> dict[str, Said]:
    """Column -> what a company without rates says of it, and may not; `known` is the one that is wholly known.

    Args:
        known: its warehouse.
        less: that of the same company without rates.
        contract: table -> column -> what its YAML says of it (`meta`).
        keys: table -> what no two rows share.
        is_whole: whether nothing at all has a rate; else rows of one currency are of less documents, which is no gap.
    """
    found: dict[str, Said] = {}
    with duckdb.connect() as connection:
        for name, path in (("known", known), ("less", less)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        for table, columns in contract.items():
            for column, verdict in _of_table(connection, table, columns, keys[table], is_whole):
                found[f"{table}.{column}"] = verdict
    return found


def _of_table(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, Any], key: list[str], is_whole: bool
) -> Iterator[tuple[str, Said]]:
    kinds = dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() where database_name = 'less' "
            "and schema_name = 'reporting' and table_name = ?", [table],
        ).fetchall()
    )  # fmt: skip
    counts = [f"coalesce(l.{name}, 0)" for name in COUNTS if name in columns]
    is_missing = f"{' + '.join(counts)} > 0" if counts else "false"
    named = " || ', ' || ".join(f"coalesce(cast({part} as varchar), '')" for part in key)
    named = f"replace({named}, '{BASE}', '{UNRATED}')"
    both = (
        " inner join ".join(
            f"(select *, {named} as row_key from {world}.reporting.{table}) as {world[0]}"
            for world in ("known", "less")
        )
        + " using (row_key)"
    )
    conditions = {}
    for column, declared in columns.items():
        meta = declared["meta"]
        if column in COUNTS or column in key or not kinds[column].startswith(NUMBERS):
            continue
        differs = f"l.{column} is not null and abs(l.{column} - coalesce(k.{column}, 0)) > 1e-6"
        if meta["unit"] in ("money", "count", "of_row"):
            is_base = {"base_currency": "true", "money_currency": "l.is_total"}.get(
                meta.get("in", "base_currency"), "false"
            )
            wrong = f"({is_base}) and {differs} and (l.{column} = 0 or not {is_missing})"
        else:
            wrong = differs
        if not is_whole and "currency" in key:
            wrong += " and l.is_total" if "is_total" in key else " and false"
        if not is_whole and "grouping_kind" in key:
            wrong += " and l.grouping_kind <> 'currency'"
        conditions[column] = wrong
    if not conditions:
        return
    # All columns of a table at once, and an example of those that are wrong.
    counts_of = ", ".join(f"count(*) filter (where {wrong})" for wrong in conditions.values())
    [numbers] = connection.execute(f"select {counts_of} from {both}").fetchall()
    for (column, wrong), number in zip(conditions.items(), numbers, strict=True):
        if number:
            query = f"select row_key, k.{column}, l.{column} from {both} where {wrong} limit 1"
            [(example, right, shown)] = connection.execute(query).fetchall()
            yield column, Said(int(number), f"{example}: {right} -> {shown}")
