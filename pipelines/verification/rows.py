"""The rows of raw that count on a publication's day: the newest of each key, without what has vanished, cut by the day.

The rules are those of `docs/decisions.md` (what is known, and when) and the declaration in `pipelines/entities.yml`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipelines.exports.entities import Entity, State, entities

VERSION = ["_known_at", "_loaded_at", "_file_sha256", "_row", "_part"]
Row = dict[str, Any]
# What the types of entities are in a frame.
TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String, "currency": pl.String, "date": pl.Date, "timestamp": pl.Datetime("us", "UTC"),
    "money": pl.Decimal(18, 4), "price": pl.Decimal(18, 6), "rate": pl.Decimal(18, 8), "ratio": pl.Decimal(9, 6),
    "quantity": pl.Decimal(18, 6), "seconds": pl.Decimal(18, 3), "integer": pl.Int64, "boolean": pl.Boolean,
}  # fmt: skip
KEPT = {"_part": pl.String, "_deleted": pl.Boolean, "_replaces": pl.String, "_holds": pl.String}


class Run(NamedTuple):
    """What a publication was asked for, as it says itself."""

    as_of: date
    base_currency: str
    default_currency: str
    timezone: str
    country: str
    rate_days: int


class LandedFile(NamedTuple):
    """One entity's part of an export file that a publication says it was made from."""

    sha256: str
    contract: str
    system: str
    entity: str
    file: str
    export: str
    rows_read: int
    rows_loaded: int
    known_at: datetime


def stored(path: Path, columns: Collection[str] | None = None, where: pl.Expr | None = None) -> pl.DataFrame:
    """The rows of a file in raw, or these columns of them, as far as it has them; all, or those for which it holds."""
    rows = pl.scan_parquet(path, glob=False)
    if where is not None:
        rows = rows.filter(where)
    there = rows.collect_schema().names()
    return rows.select([name for name in there if columns is None or name in columns]).collect(
        engine="streaming" if where is not None else "auto"
    )


def _ruling(entity: Entity) -> set[str]:
    """The columns that say which version of a row counts, and what of it was known on the day."""
    cut = entity.cut
    dates = {*cut.since, *cut.of, *cut.at_export, *cut.later, *cut.until}
    return {"_system", "_source", *entity.key, *VERSION, *KEPT, *dates}


class Raw:
    """The raw store of a publication, as of its day."""

    def __init__(
        self,
        folder: Path,
        run: Run,
        parameters: dict[str, float],
        files: list[LandedFile],
        accepted: frozenset[tuple[str, str, datetime]] = frozenset(),
    ) -> None:
        """Names what is to be read; nothing is read yet. `accepted` are full exports that a person called whole."""
        self.folder, self.run, self.parameters, self.files = folder, run, parameters, files
        self.accepted = accepted
        self._newest: dict[str, pl.DataFrame] = {}
        self._systems: dict[str, set[str]] = {}
        self._later: dict[str, pl.DataFrame] = {}
        self._full: dict[tuple[str, str], list[datetime]] = {}

    @classmethod
    def of(cls, folder: Path, publication: duckdb.DuckDBPyConnection) -> Raw:
        """The rows that an open publication, whose time zone is UTC, says it was made from."""
        run = publication.execute(
            "select as_of_date, base_currency, default_currency, business_timezone, default_country, fx_max_age_days "
            "from intermediate.int_run_dated"
        ).fetchall()
        parameters = publication.execute("select parameter, value from parameters.parameters").fetchall()
        files = publication.execute(
            "select file_sha256, contract, system, domain || '.' || entity, file, export, rows_read, rows_loaded, "
            "known_at from marts.fct_landed_files where domain <> 'lists'"
        ).fetchall()
        accepted = publication.execute(
            "select distinct contract, system, known_at from staging.stg_landing__full_exports where is_accepted"
        ).fetchall()
        known = {name: float(value) for name, value in parameters}
        return cls(folder, Run(*run[0]), known, [LandedFile(*file) for file in files], frozenset(accepted))

    def path(self, file: LandedFile) -> Path:
        """Where the rows of a file stand."""
        domain, name = file.entity.split(".")
        return self.folder / domain / name / f"{file.contract}-{file.sha256}.parquet"

    def _stored(self, path: Path, columns: Collection[str] | None) -> pl.DataFrame:
        return stored(path, columns)

    def count(self, *entity_ids: str) -> int:
        """How many rows were landed of entities, in all versions."""
        return sum(file.rows_loaded for file in self.files if file.entity in entity_ids)

    def landed(self, entity: Entity, columns: Collection[str] | None = None) -> pl.DataFrame:
        """Every row of an entity, as it was landed, or these columns; a file that is not there any more has none."""
        paths = [path for file in self.files if file.entity == entity.id and (path := self.path(file)).exists()]
        frames = [self._stored(path, columns) for path in dict.fromkeys(paths)]
        if not frames:
            return pl.DataFrame()
        frame = pl.concat(frames, how="diagonal_relaxed")
        # A file that was landed before an entity grew has fewer columns.
        types = {column.name: TYPES[column.type] for column in entity.columns} | KEPT
        types = {name: kind for name, kind in types.items() if columns is None or name in columns}
        lacking = [pl.lit(None, kind).alias(name) for name, kind in types.items() if name not in frame.columns]
        return frame.with_columns(lacking)

    def systems(self, entity_id: str) -> set[str]:
        """The systems that gave an entity, be it without a row."""
        if entity_id not in self._systems:
            rows = self.frame(entity_id, columns=())
            given = {file.system for file in self.files if file.entity == entity_id}
            self._systems[entity_id] = given | (set() if rows.is_empty() else set(rows["_system"].unique()))
        return self._systems[entity_id]

    def let_go(self) -> None:
        """Forgets the rows that were read; who asks for them again has them read again."""
        self._newest.clear()

    def newest(self, entity: Entity, columns: Collection[str] | None = None) -> pl.DataFrame:
        """The newest version of each row; `_vanished_at` and `_vanished_from` where an export no longer holds it.

        `columns` are those that somebody asks for; it has what the rules need besides.
        """
        if columns is not None:
            return self._counted(entity, {*columns, *_ruling(entity)})
        if entity.id not in self._newest:
            self._newest[entity.id] = self._counted(entity)
        return self._newest[entity.id]

    def _counted(self, entity: Entity, columns: Collection[str] | None = None) -> pl.DataFrame:
        frame = self.landed(entity, columns)
        if frame.is_empty():
            return frame
        frame = self._filled(entity, frame.sort(VERSION, nulls_last=False))
        frame = frame.unique(["_system", *entity.key], keep="last", maintain_order=True)
        # Of a document that a newer export gives anew the older rows no longer count; the newest stands last.
        newest = [pl.col(name) == pl.col(name).last().over("_system", "_replaces") for name in VERSION[:3]]
        frame = frame.filter(pl.col("_replaces").is_null() | pl.all_horizontal(newest))
        gone = self._outdated(entity)
        frame = frame.join(gone, on=["_source", "_file_sha256"], how="left")
        deleted = pl.col("_deleted").fill_null(False)
        return frame.with_columns(
            pl.coalesce(pl.col("_vanished_at"), pl.when(deleted).then(pl.col("_known_at"))).alias("_vanished_at"),
            pl.coalesce(pl.col("_vanished_from"), pl.when(deleted).then(pl.lit("full"))).alias("_vanished_from"),
        )

    @staticmethod
    def _filled(entity: Entity, versions: pl.DataFrame) -> pl.DataFrame:
        """Versions in their order, each with what an older one says where its own file has no such column."""
        versions = versions.with_columns(pl.col("_known_at").alias(f"_{at}_known_at") for at in entity.cut.at_export)
        if versions["_holds"].fill_null("").n_unique() == 1 and not versions["_deleted"].any():
            return versions
        key = ["_system", *entity.key]
        places = versions.with_row_index("_place")
        said = {}
        others = [name for name in (column.name for column in entity.columns) if name in versions.columns]
        for column in (name for name in others if name not in entity.key):
            holds = pl.col("_holds").str.contains(f",{column},", literal=True).fill_null(True)
            told = pl.when(holds & ~pl.col("_deleted").fill_null(False)).then(pl.col("_place"))
            place = told.forward_fill().over(key).fill_null(pl.col("_place"))
            said[column] = places.select(place).to_series()
        filled = [versions[column].gather(place) for column, place in said.items()]
        filled += [versions["_known_at"].gather(said[at]).alias(f"_{at}_known_at") for at in entity.cut.at_export]
        return versions.with_columns(filled)

    def _outdated(self, entity: Entity) -> pl.DataFrame:
        """Files whose rows are gone, unless a newer one has them: since when, and by which kind of export."""
        files = [file for file in self.files if file.entity == entity.id and file.export != "partial"]
        whole = {source: self.believed(*source) for source in {(file.contract, file.system) for file in files}}
        found = []
        for file in files:
            tells = file.export == "full" or entity.id == "billing.invoices"
            later = [at for at in whole[file.contract, file.system] if at > file.known_at and tells]
            if later:
                found.append((file.contract, file.sha256, min(later), file.export))
        return pl.DataFrame(
            found,
            orient="row",
            schema={
                "_source": pl.String, "_file_sha256": pl.String,
                "_vanished_at": pl.Datetime("us", "UTC"), "_vanished_from": pl.String,
            },
        )  # fmt: skip

    def believed(self, contract: str, system: str) -> list[datetime]:
        """The moments of a source's full exports that count as such."""
        if (contract, system) not in self._full:
            self._full[contract, system] = self._believed(contract, system)
        return self._full[contract, system]

    def _believed(self, contract: str, system: str) -> list[datetime]:
        """The moments of a source's full exports that lack no more of what stood before than is likely."""
        exports: dict[datetime, dict[str, list[LandedFile]]] = defaultdict(lambda: defaultdict(list))
        for file in self.files:
            if (file.contract, file.system) == (contract, system) and (
                file.export == "full" or (file.export, file.entity) == ("open_items", "billing.invoices")
            ):
                exports[file.known_at][file.entity].append(file)
        most, least = (self.parameters[f"full_export_{name}"] for name in ("most_gone", "least_share"))
        believed: list[datetime] = []
        standing: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        for moment, tables in sorted(exports.items()):
            held = {entity_id: self._keys(files) for entity_id, files in tables.items()}
            is_whole = True
            for entity_id, files in tables.items() if believed else ():
                if files[0].export == "full":
                    gone = len(standing[entity_id] - held[entity_id])
                    is_whole &= gone <= max(1, most * len(standing[entity_id]))
                else:
                    before = sum(file.rows_read for file in exports[believed[-1]].get(entity_id, []))
                    is_whole &= sum(file.rows_read for file in files) >= least * before
            if is_whole or (contract, system, moment) in self.accepted:
                believed.append(moment)
                standing.clear()
            for entity_id, keys in held.items():
                standing[entity_id] |= keys
        return believed

    def _keys(self, files: list[LandedFile]) -> set[tuple[Any, ...]]:
        entity = entities()[files[0].entity]
        frame = self.landed(entity, {"_system", "_file_sha256", "_deleted", *entity.key})
        if frame.is_empty():
            return set()
        own = pl.col("_file_sha256").is_in([file.sha256 for file in files]) & ~pl.col("_deleted").fill_null(False)
        return set(frame.filter(own).select("_system", *entity.key).iter_rows())

    def day(self, moment: datetime) -> date:
        """The business day of a moment."""
        return moment.astimezone(ZoneInfo(self.run.timezone)).date()

    def _day(self, entity: Entity, column: str) -> pl.Expr:
        if entity.column(column).type != "timestamp":
            return pl.col(column)
        return pl.col(column).dt.convert_time_zone(self.run.timezone).dt.date()

    @cached_property
    def newest_event(self) -> date | None:
        """The day of the newest event that its own export could know of."""
        days: list[date] = []
        for entity in entities().values():
            if entity.domain == "lists" or not entity.cut.events:
                continue
            dates = {"_known_at", *entity.cut.events, *(said for apart in entity.cut.events.values() for said in apart)}
            if (frame := self.landed(entity, dates)).is_empty():
                continue
            known = pl.col("_known_at").dt.convert_time_zone(self.run.timezone).dt.date()
            for column, apart in entity.cut.events.items():
                counts = self._day(entity, column) <= known
                for said, values in apart.items():
                    counts &= ~pl.col(said).fill_null("").is_in(list(values))
                days += frame.filter(counts).select(self._day(entity, column).max()).to_series().drop_nulls().to_list()
        return max(days, default=None)

    def day_seen(self, moment: datetime) -> date | None:
        """The day of which an export speaks: its own, but no later than the newest event."""
        return None if self.newest_event is None else min(self.day(moment), self.newest_event)

    def _begun(self, entity: Entity) -> pl.Expr:
        """Whether a row's first date has come."""
        days = [self._day(entity, column) for column in entity.cut.since]
        return (pl.coalesce(days) <= self.run.as_of).fill_null(True) if days else pl.lit(True)

    def not_begun(self, entity_id: str) -> pl.DataFrame:
        """The rows of an entity, by system and id, whose first date has not come."""
        if entity_id not in self._later:
            entity = entities()[entity_id]
            rows = self.newest(entity, entity.cut.since)
            later = rows if rows.is_empty() else rows.filter(~self._begun(entity))
            self._later[entity_id] = later if later.is_empty() else later.select("_system", id=entity.key[0])
        return self._later[entity_id]

    def rows(
        self, entity_id: str, keep_vanished: bool = False, columns: Collection[str] | None = None
    ) -> Iterator[Row]:
        """The rows of an entity as of the day, one by one; what has vanished is left out, or marked."""
        yield from self.frame(entity_id, keep_vanished, columns).iter_rows(named=True)

    def frame(
        self, entity_id: str, keep_vanished: bool = False, columns: Collection[str] | None = None
    ) -> pl.DataFrame:
        """The same as a frame; `vanished_on` says since when a row that is kept is gone.

        Of millions of rows only the `columns` that are asked for should be read.
        """
        entity = entities()[entity_id]
        frame = self.newest(entity, columns)
        if frame.is_empty():
            return frame
        if not keep_vanished:
            frame = frame.filter(pl.col("_vanished_at").is_null())
        frame = frame.filter(self._begun(entity))
        for column, whole_id in entity.cut.of.items():
            later = self.not_begun(whole_id)
            if not later.is_empty():
                frame = frame.join(later.rename({"id": column}), on=["_system", column], how="anti")
        seen = {moment: self.day_seen(moment) for moment in frame["_vanished_at"].drop_nulls().unique()}
        gone = pl.col("_vanished_at").replace_strict(seen, default=None, return_dtype=pl.Date)
        frame = frame.with_columns(pl.when(gone <= self.run.as_of).then(gone).alias("vanished_on"))
        return frame.with_columns(self._cut(entity, frame))

    def _cut(self, entity: Entity, frame: pl.DataFrame) -> Iterator[pl.Expr]:
        """The columns that were something else on the day."""
        rules: dict[str, list[tuple[pl.Expr, State]]] = defaultdict(list)
        for column in entity.cut.later:
            rules[column].append((self._day(entity, column) > self.run.as_of, None))
        for column in entity.cut.at_export:
            said = f"_{column}_known_at"
            seen = {moment: self.day_seen(moment) for moment in frame[said].unique()}
            spoken = pl.col(said).replace_strict(seen, default=None, return_dtype=pl.Date)
            rules[column].append((spoken > self.run.as_of, None))
        for dates in (entity.cut.later, entity.cut.until):
            for on, states in dates.items():
                for column, state in states.items():
                    rules[column].append((self._day(entity, on) > self.run.as_of, state))
        for column, cases in ((column, cases) for column, cases in rules.items() if column in frame.columns):
            value: pl.Expr = pl.col(column)
            for after, state in reversed(cases):
                for now, then in state.items() if isinstance(state, dict) else [(None, state)]:
                    holds = after if now is None else after & (pl.col(column) == now)
                    value = pl.when(holds).then(pl.lit(then)).otherwise(value)
            yield value.alias(column)
