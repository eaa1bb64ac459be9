"""Rows in shares that have nothing to do with each other, of which one is looked at a time, whatever all of them take.

An account's documents and money are in one share, and so are those of accounts of which one pays the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import polars as pl

from pipelines.bounds import current
from pipelines.verification.documents import DOCUMENT, PAYMENT
from pipelines.verification.rows import Raw, stored

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


class Aside:
    """Frames that are put aside until they are taken: on disk where they are many, else in memory."""

    def __init__(self, folder: Path | None) -> None:
        """Names the folder, or none."""
        self._folder, self._frames = folder, dict[str, pl.DataFrame]()

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """Puts a frame aside."""
        if self._folder:
            frame.write_parquet(self._folder / f"{name}.parquet")
        else:
            self._frames[name] = frame

    def take(self, name: str) -> pl.DataFrame:
        """A frame that was put aside, or an empty one."""
        if self._folder:
            file = self._folder / f"{name}.parquet"
            return pl.read_parquet(file, glob=False) if file.exists() else pl.DataFrame()
        return self._frames.get(name, pl.DataFrame())


@contextmanager
def put_aside(on_disk: bool) -> Iterator[Aside]:
    """A place to put frames aside; what is on disk goes with it."""
    folder = current().scratch() if on_disk else None
    try:
        yield Aside(folder)
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


class Part(Raw):
    """Rows of a raw store by the hash of some columns, which the key of each entity that is asked for has."""

    def __init__(self, whole: Raw, by: tuple[str, ...], number: int, of: int) -> None:
        """Takes every row whose hash, divided by so many (`of`), leaves the number."""
        super().__init__(whole.folder, whole.run, whole.parameters, whole.files, whole.accepted)
        self.__dict__["newest_event"] = whole.newest_event
        self._here = pl.concat_str(by, separator=" ").hash() % of == number

    def _stored(self, path: Path, columns: Collection[str] | None) -> pl.DataFrame:
        return stored(path, columns, self._here)


def parts(raw: Raw, entity_id: str, by: tuple[str, ...], most: int = ROWS) -> Iterator[Raw]:
    """A raw store in parts of about so many rows of an entity; versions of a row are in one part."""
    number = raw.count(entity_id) // most + 1
    yield from (Part(raw, by, part, number) for part in range(number)) if number > 1 else [raw]


class Share(Raw):
    """The rows of one share of the books, as of the day, as they were put aside."""

    def __init__(self, whole: Raw, aside: Aside, number: int) -> None:
        """Names a share; nothing is read yet."""
        super().__init__(whole.folder, whole.run, whole.parameters, whole.files, whole.accepted)
        self.__dict__["newest_event"] = whole.newest_event
        self.whole, self.aside, self.number = whole, aside, number

    def frame(
        self, entity_id: str, keep_vanished: bool = False, columns: Collection[str] | None = None
    ) -> pl.DataFrame:
        """The share's rows of an entity; it may have more columns than are asked for."""
        return self.aside.take(f"{entity_id}-{self.number}")

    def systems(self, entity_id: str) -> set[str]:
        """Those of all shares."""
        return self.whole.systems(entity_id)


def shares(raw: Raw, accounts: Mapping[str, str], most: int = ROWS) -> Iterator[Raw]:
    """The books in shares of about so many rows; `accounts` says whose account a customer's is."""
    number = raw.count(*READ) // most + 1
    if number == 1:
        yield raw
        return
    with put_aside(on_disk=True) as aside:
        _put_aside(raw, accounts, number, aside)
        for share in range(number):
            yield Share(raw, aside, share)


def _put_aside(raw: Raw, accounts: Mapping[str, str], number: int, aside: Aside) -> None:
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
            aside.put(f"{entity}-{share}", frame.filter(place == share))


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
