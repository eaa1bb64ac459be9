"""A company's books in shares that have nothing to do with each other, of which one is walked at a time.

An account's documents and money are in one share, and so are those of accounts of which one pays the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from pathlib import Path

import polars as pl

from pipelines.bounds import current
from pipelines.verification.documents import DOCUMENT, PAYMENT
from pipelines.verification.rows import Raw

# What the walk reads of the books, and which columns; of what is no longer in an export it asks for documents alone.
READ: dict[str, Collection[str] | None] = {
    "billing.invoices": DOCUMENT, "billing.payments": PAYMENT, "billing.applications": None,
    "billing.adjustments": None, "billing.instalments": None, "billing.opening_balances": None,
    "billing.customers": ("customer_id", "payment_terms_days"),
}  # fmt: skip
KEPT_VANISHED = "billing.invoices"
# The rows of a share.
ROWS = 250_000
# By which columns a row names an invoice, a payment and a customer, by the entity that says whose they are.
NAMES = {
    "billing.invoices": ("invoice_id", "credit_note_id"), "billing.payments": ("payment_id",),
    "billing.customers": ("customer_id",),
}  # fmt: skip


class Share(Raw):
    """The rows of one share, as of the day, as they were put aside."""

    def __init__(self, whole: Raw, folder: Path, number: int) -> None:
        """Names a share of a raw store; nothing is read yet."""
        super().__init__(whole.folder, whole.run, whole.parameters, whole.files, whole.accepted)
        self.whole, self.aside, self.number = whole, folder, number
        self.__dict__["newest_event"] = whole.newest_event

    def frame(
        self, entity_id: str, keep_vanished: bool = False, columns: Collection[str] | None = None
    ) -> pl.DataFrame:
        """The share's rows of an entity; it may have more columns than are asked for."""
        file = self.aside / f"{entity_id}-{self.number}.parquet"
        return pl.read_parquet(file, glob=False) if file.exists() else pl.DataFrame()

    def systems(self, entity_id: str) -> set[str]:
        """Those of all shares."""
        return self.whole.systems(entity_id)


def shares(raw: Raw, accounts: Mapping[str, str], most: int = ROWS) -> Iterator[Raw]:
    """The books in shares of about so many rows; `accounts` says whose account a customer's is."""
    number = sum(file.rows_loaded for file in raw.files if file.entity in READ) // most + 1
    if number == 1:
        yield raw
        return
    folder = current().scratch()
    try:
        _put_aside(raw, accounts, number, folder)
        for share in range(number):
            yield Share(raw, folder, share)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_aside(raw: Raw, accounts: Mapping[str, str], number: int, folder: Path) -> None:
    """Writes each share's rows of each entity."""
    known = pl.DataFrame(
        {"whose": list(accounts), "account": list(accounts.values())}, {"whose": pl.String, "account": pl.String}
    )
    owners: dict[str, pl.DataFrame] = {}
    edges = []
    for entity in ("billing.invoices", "billing.payments"):
        frame = _read(raw, entity)
        if frame.is_empty():
            continue
        (key, *_) = NAMES[entity]
        # What names no customer is nobody's else: it belongs to what it is applied to.
        nobodys = pl.format(f"{entity} {{}} {{}}", "_system", key)
        owners[entity] = _of_customer(frame, known).select(
            "_system", pl.col(key).alias("id"), pl.coalesce("node", nobodys).alias("node")
        )
    for entity in ("billing.applications", "billing.adjustments"):
        named = _named(_read(raw, entity), owners, known)
        places = [name for name in named.columns if name.startswith("node")]
        for one, other in combinations(places, 2):
            apart = named.filter(pl.col(one) != pl.col(other)).select(pl.col(one).alias("a"), pl.col(other).alias("b"))
            edges += apart.unique().rows()
    roots = _roots(edges)
    joined = pl.DataFrame({"node": list(roots), "root": list(roots.values())}, {"node": pl.String, "root": pl.String})
    for entity in READ:
        frame = _read(raw, entity)
        if frame.is_empty():
            continue
        named = _named(frame, owners, known)
        places = [name for name in named.columns if name.startswith("node")]
        node = named.select(pl.coalesce(*places, pl.lit("")).alias("node"))
        root = node.join(joined, on="node", how="left", maintain_order="left").select(pl.coalesce("root", "node"))
        place = root.to_series().hash() % number
        for share in range(number):
            frame.filter(place == share).write_parquet(folder / f"{entity}-{share}.parquet")


def _read(raw: Raw, entity: str) -> pl.DataFrame:
    frame = raw.frame(entity, entity == KEPT_VANISHED, READ[entity])
    raw.let_go()
    return frame


def _of_customer(frame: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Rows with their customer's account, or the customer where he has none, as `node`; NULL where none is named."""
    whose = frame.with_columns(pl.format("{}:{}", "_system", "customer_id").alias("whose"))
    return whose.join(known, on="whose", how="left", maintain_order="left").with_columns(
        pl.coalesce("account", "whose").alias("node")
    )


def _named(frame: pl.DataFrame, owners: Mapping[str, pl.DataFrame], known: pl.DataFrame) -> pl.DataFrame:
    """Whose a row is by each thing that it names: `node0`, `node1` and so on, documents first."""
    found: dict[str, pl.Series] = {}
    for entity, columns in NAMES.items():
        for column in (column for column in columns if column in frame.columns):
            if entity == "billing.customers":
                node = _of_customer(frame, known)["node"]
            elif entity in owners:
                asked = frame.select("_system", pl.col(column).alias("id"))
                node = asked.join(owners[entity], on=["_system", "id"], how="left", maintain_order="left")["node"]
            else:
                continue
            found[f"node{len(found)}"] = node
    return pl.DataFrame(found)


def _roots(edges: list[tuple[str, str]]) -> dict[str, str]:
    """Node -> one of all that are joined to it, the same for each of them."""
    above: dict[str, str] = {}

    def top(node: str) -> str:
        while (parent := above.setdefault(node, node)) != node:
            above[node] = above[parent]
            node = parent
        return node

    for one, other in edges:
        above[top(one)] = top(other)
    return {node: top(node) for node in list(above)}
