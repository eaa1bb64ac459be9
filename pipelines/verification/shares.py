"""Rows in shares that have nothing to do with each other, of which one is looked at a time, whatever all of them take.

An account's documents and money are in one share, and so are those of accounts of which one pays the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import combinations
from pathlib import Path

import polars as pl

from pipelines.bounds import current
from pipelines.verification.documents import DOCUMENT, PAYMENT
from pipelines.verification.rows import Raw, stored

# What the walk reads of the books: in which column an id stands, and which columns are read.
READ: dict[str, tuple[str, Collection[str] | None]] = {
    "billing.invoices": ("invoice_id", DOCUMENT), "billing.payments": ("payment_id", PAYMENT),
    "billing.applications": ("application_id", None), "billing.adjustments": ("adjustment_id", None),
    "billing.instalments": ("invoice_id", None), "billing.opening_balances": ("customer_id", None),
    "billing.customers": ("customer_id", ("customer_id", "payment_terms_days")),
}  # fmt: skip
# Of what is no longer in an export it asks for these alone.
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

    def take_all(self, begins: str) -> pl.DataFrame:
        """The frames whose names begin so, as one, in the order of their names."""
        here = sorted(self._folder.glob(f"{begins}*.parquet")) if self._folder else []
        names = [file.stem for file in here] or sorted(name for name in self._frames if name.startswith(begins))
        return pl.concat([self.take(name) for name in names]) if names else pl.DataFrame()

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
    """Rows of a raw store by the hash of some columns, which the key of each entity that is asked for has.

    Rows that are all replaced by a newer export of their document are together, whatever their keys are.
    """

    def __init__(self, whole: Raw, by: tuple[str, ...], number: int, of: int) -> None:
        """Takes every row whose hash, divided by so many (`of`), leaves the number."""
        super().__init__(whole.folder, whole.run, whole.parameters, whole.files, whole.accepted)
        self.__dict__["newest_event"] = whole.newest_event
        self.whole = whole
        self._by, self._number, self._of = by, number, of

    def _stored(self, path: Path, columns: Collection[str] | None) -> pl.DataFrame:
        together = pl.concat_str(self._by, separator=" ")
        if "_replaces" in pl.read_parquet_schema(path):
            together = pl.coalesce(pl.concat_str("_system", "_replaces", separator=" "), together)
        return stored(path, columns, together.hash() % self._of == self._number)

    def not_begun(self, entity_id: str) -> pl.DataFrame:
        """Those of the whole store: rows of a part may be of others."""
        return self.whole.not_begun(entity_id)

    def believed(self, contract: str, system: str) -> list[datetime]:
        """As the whole store has it: how much a full export lacks is not told by a part."""
        return self.whole.believed(contract, system)


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
        return self.aside.take_all(f"{entity_id}-{self.number}-")

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
    edges: set[tuple[str, str]] = set()
    for entity in ("billing.invoices", "billing.payments"):
        (key, *_) = NAMES[entity]
        # What names no customer is nobody's else: it belongs to what it is applied to.
        nobodys = pl.format(f"{entity} {{}} {{}}", "_system", key)
        found = [
            _of_customer(frame, known).select(
                "_system", pl.col(key).alias("id"), pl.coalesce("node", nobodys).alias("node")
            )
            for frame in _frames(raw, entity)
        ]
        if found:
            owners[entity] = pl.concat(found)
    for entity in ("billing.applications", "billing.adjustments"):
        for frame in _frames(raw, entity):
            named = _named(frame, owners, known)
            for one, other in combinations(named.columns, 2):
                apart = named.filter(pl.col(one) != pl.col(other)).select(pl.col(one), pl.col(other))
                edges |= set(apart.unique().iter_rows())
    roots = _roots(edges)
    joined = pl.DataFrame({"node": list(roots), "root": list(roots.values())}, {"node": pl.String, "root": pl.String})
    for entity in READ:
        for part, frame in enumerate(_frames(raw, entity)):
            named = _named(frame, owners, known)
            node = named.select(pl.coalesce(*named.columns, pl.lit("")).alias("node"))
            root = node.join(joined, on="node", how="left", maintain_order="left").select(pl.coalesce("root", "node"))
            place = root.to_series().hash() % number
            for share in range(number):
                aside.put(f"{entity}-{share}-{part:04}", frame.filter(place == share))


def _frames(raw: Raw, entity: str) -> Iterator[pl.DataFrame]:
    """What is read of an entity, a part at a time."""
    column, columns = READ[entity]
    for part in parts(raw, entity, ("_system", column)):
        frame = part.frame(entity, entity == KEPT_VANISHED, columns)
        part.let_go()
        if not frame.is_empty():
            yield frame


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


def _roots(edges: Collection[tuple[str, str]]) -> dict[str, str]:
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
