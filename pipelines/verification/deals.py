"""Open deals: what each was at the end of a day, by its record and its stage history (P8)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import polars as pl

from pipelines.exports.entities import entities
from pipelines.verification.compare import Figure, Key, nonzero, published
from pipelines.verification.documents import ZERO, named
from pipelines.verification.rates import Rates
from pipelines.verification.rows import Raw, Row
from pipelines.verification.shares import parts

# Under which a deal without a stage stands in the pipeline.
NOT_KNOWN = "not_known"
SHUT = ("won", "lost")
# What a history may tell of a deal beside its stage; an export that never gives a column leaves the deal's own.
TOLD = ("amount", "currency", "probability")
BY_DEAL = ("_system", "deal_id")
# What of a deal and of its history is read.
DEAL = ("deal_id", "status", "stage", "created_at", "closed_at", "expected_close_on", *TOLD)
STAGE = ("deal_id", "status", "stage", "entered_at", "left_at", *TOLD)


class Open(NamedTuple):
    """An open deal from a day on, until the day on which it is something else."""

    since: date
    until: date
    stage: str | None
    currency: str
    amount: Decimal | None
    probability: Decimal | None


class History:
    """One deal: its record, and the last row of its history on each day that has one."""

    def __init__(self, raw: Raw, record: Row, rows: list[Row], told: dict[str, set[str]], known: date | None) -> None:
        """Sets when it began and when its record says that it ended.

        Args:
            raw: whose day is the last.
            record: the deal as its export has it.
            rows: its history.
            told: of each history's file, the columns that it gives at all.
            known: the day on which its first export knew it.
        """
        self.raw, self.record, self.told = raw, record, told
        self.is_open = record["status"] == "open" or (record["status"] is None and record["closed_at"] is None)
        self.closed: date | None = None
        if not self.is_open:
            # A close date that lies ahead is a plan, and says nothing of when the deal was closed.
            planned = record["expected_close_on"]
            has_come = planned is not None and planned <= raw.run.as_of
            self.closed = raw.day(record["closed_at"]) if record["closed_at"] else planned if has_come else None
        # Of rows of one moment the deal was last in the one that it has not left, or left last.
        rows = sorted(
            rows,
            key=lambda row: (
                row["entered_at"], row["left_at"] is None, row["left_at"] or row["entered_at"], row["_row"]
            ),
        )  # fmt: skip
        entered = [raw.day(row["entered_at"]) for row in rows]
        clues = [day for day in (self.closed, entered[0] if rows else None, known) if day]
        created = raw.day(record["created_at"]) if record["created_at"] else None
        self.begins = created or min([*clues, raw.run.as_of])
        self.ends = {max(day, self.begins): row for day, row in zip(entered, rows, strict=True)}
        days = sorted(self.ends)
        self.reopened = [
            day for before, day in pairwise(days)
            if self.ends[before]["status"] in SHUT and self.ends[day]["status"] not in SHUT
        ]  # fmt: skip

    def changes(self) -> list[date]:
        """The days on which it may become something else."""
        days = {self.begins, *self.ends, *([self.closed] if self.closed else [])}
        return sorted(day for day in days if self.begins <= day <= self.raw.run.as_of)

    def open_on(self, day: date, until: date) -> Open | None:
        """What it is from a day on, when it is open."""
        record = self.record
        newest = max((on for on in self.ends if on <= day), default=None)
        row = self.ends[newest] if newest else None
        is_shut = row is not None and row["status"] in SHUT
        closed = self.closed
        is_recorded = (
            not is_shut and closed is not None and closed <= day
            and not any(closed < again <= day for again in self.reopened)
        )  # fmt: skip
        # Of a deal that was closed on an unknown day only its history can tell that it was still open.
        is_unknown = not self.is_open and closed is None and not (row is not None and row["status"] == "open")
        if is_shut or is_recorded or is_unknown:
            return None
        state = {"amount": record["amount"], "currency": record["currency"]}
        state |= {name: record[name] if self.is_open else None for name in ("stage", "probability")}
        if row is not None:
            state["stage"] = row["stage"]
            gives = self.told[row["_file_sha256"]]
            state |= {name: row[name] for name in TOLD if name in gives}
        currency = state["currency"] or record["currency"] or self.raw.run.default_currency
        return Open(day, until, state["stage"], currency, state["amount"], state["probability"])


def told_of(raw: Raw) -> dict[str, set[str]]:
    """Of each file of histories, the columns of a deal that it gives at all."""
    told: dict[str, set[str]] = defaultdict(set)
    for part in parts(raw, "crm.deal_stages", BY_DEAL):
        stages = part.frame("crm.deal_stages", columns=STAGE)
        if not stages.is_empty():
            gives = stages.group_by("_file_sha256").agg(pl.col(*TOLD).is_not_null().any())
            for row in gives.iter_rows(named=True):
                told[row["_file_sha256"]] |= {name for name in TOLD if row[name]}
    return told


def open_deals(raw: Raw, told: dict[str, set[str]]) -> Iterator[tuple[str, Open]]:
    """Every span in which a deal is open, with the deal's id; `told` is what histories tell."""
    rows: dict[str, list[Row]] = defaultdict(list)
    stages = raw.frame("crm.deal_stages", columns=STAGE)
    for row in stages.iter_rows(named=True):
        rows[named(row["_system"], row["deal_id"])].append(row)
    known: dict[str, Any] = {}
    landed = raw.landed(entities()["crm.deals"], ("_system", "_known_at", "deal_id", "created_at"))
    if not landed.is_empty():
        first = (
            landed.filter(pl.col("created_at").is_null()).group_by("_system", "deal_id").agg(pl.col("_known_at").min())
        )
        known = {named(system, deal): raw.day(moment) for system, deal, moment in first.iter_rows()}
    last = raw.run.as_of + timedelta(days=1)
    for record in raw.rows("crm.deals", columns=DEAL):
        deal = named(record["_system"], record["deal_id"])
        history = History(raw, record, rows[deal], told, known.get(deal))
        for day, until in pairwise([*history.changes(), last]):
            if found := history.open_on(day, until):
                yield deal, found


def figures(raw: Raw, publication: duckdb.DuckDBPyConnection, rates: Rates) -> Iterator[Figure]:
    """The deals that are open on the day, and the pipeline at each week's end by stage."""
    day, base = raw.run.as_of, raw.run.base_currency
    keys, measures = ("as_of_date", "stage"), ("open_deals", "open_amount", "weighted_amount")
    rows = publication.execute("select distinct as_of_date from reporting.rpt_pipeline order by as_of_date").fetchall()
    weeks = [week for (week,) in rows]
    last: dict[str, Open] = {}
    found: dict[str, dict[Key, Decimal]] = {name: defaultdict(Decimal) for name in measures}
    told = told_of(raw)
    for part in parts(raw, "crm.deal_stages", BY_DEAL):
        for deal, span in open_deals(part, told):
            if span.until > day:
                last[deal] = span
            for week in weeks[bisect_left(weeks, span.since) : bisect_left(weeks, span.until)]:
                key, rate = (week, span.stage or NOT_KNOWN), rates.on(span.currency, week)
                found["open_deals"][key] += 1
                if span.amount is not None and rate is not None:
                    found["open_amount"][key] += span.amount * rate
                    found["weighted_amount"][key] += span.amount * rate * (span.probability or ZERO)
    rows = publication.execute("select deal_id, currency, amount, probability from reporting.rpt_open_deals").fetchall()
    yield Figure(
        "deals",
        "rpt_open_deals",
        "deal_id",
        ("deal_id",),
        {(row[0],): 1 for row in rows},
        {(deal,): 1 for deal in last},
    )
    yield Figure(
        "deals", "rpt_open_deals", "amount", ("deal_id", "currency"), {(row[0], row[1]): row[2] for row in rows},
        {(deal, span.currency): span.amount for deal, span in last.items()},
    )  # fmt: skip
    said = published(publication, "rpt_pipeline", keys, measures)
    for name, cells in found.items():
        # Where nothing of a cell is known its sum is unknown, which the count of deals beside it shows.
        currency = "" if name == "open_deals" else base
        added = {} if name == "open_deals" else found["open_deals"]
        yield Figure("deals", "rpt_pipeline", name, keys, said[name], nonzero(cells), currency, added)
