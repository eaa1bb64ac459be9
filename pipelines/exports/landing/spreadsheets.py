"""What a spreadsheet makes of ids: it takes the noughts in front of them, and all but the first fifteen figures.

So does every program that reads them as numbers. Two records' ids may then be one, a record's two, and a link leads
nowhere, in silence. A file that shows it is held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.exports.codes import Finding
from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import quoted

# So many figures of a number a spreadsheet keeps; the others become noughts.
KEPT_FIGURES = 15
# Where every long id is one that a rounded number can be, as by one chance in ten thousand, they are rounded.
LEAST_CHANCE = 4
# A longer number is no integer of DuckDB's.
MOST_FIGURES = 38
_LONG = f"regexp_full_match({{0}}, '[1-9]\\d{{{{{KEPT_FIGURES},{MOST_FIGURES - 1}}}}}')"
# As a number in binary keeps it: the next one that can be kept lies so many powers of ten above (10^0.301 is 2).
_BINARY = "0.301 * greatest(0, floor(log2(cast(id as double))) - 52)"
# How improbable it is that an id is what rounding leaves, in powers of ten; NULL where it is not.
_ROUNDED = (
    f"greatest(case when length(rtrim(id, '0')) <= {KEPT_FIGURES} then length(id) - {KEPT_FIGURES} end, "
    f"case when {_BINARY} > 0 and cast(cast(cast(id as double) as hugeint) as varchar) = id then {_BINARY} end)"
)


@dataclass
class Source:
    """The files of one contract that give rows to one entity, with the system of each, in the order of their landing."""

    entity: Entity
    contract: str
    systems: dict[str, str] = field(default_factory=dict)


def rounded(store: RawStore, receipts: Iterable[Receipt], new: set[str]) -> list[tuple[str, Finding]]:
    """The new files in which a column's ids of more than fifteen figures are all such as rounding leaves."""
    sources: dict[tuple[str, str], list[str]] = defaultdict(list)
    for receipt in receipts:
        for row in receipt.entities:
            if receipt.sha256 in new:
                sources[f"{row['domain']}.{row['entity']}", row["contract"]].append(receipt.sha256)
    found: dict[str, Finding] = {}
    for (entity_id, contract), files in sources.items():
        entity = entities()[entity_id]
        paths = [path for sha256 in files if (path := store.rows_file(entity, contract, sha256))]
        columns = [column.name for column in entity.columns if column.is_id]
        if not paths or not columns:
            continue
        rows = f"read_parquet([{', '.join(quoted(str(path)) for path in paths)}], union_by_name = true)"
        ids = " union all ".join(
            f"select distinct _file_sha256 as sha256, {place} as place, {name} as id from {rows} "
            f"where length({name}) > {KEPT_FIGURES} and {_LONG.format(name)}"
            for place, name in enumerate(columns)
        )
        with connected() as connection:
            told = connection.execute(
                f"select sha256, place, count(*), min(id), max(id) from (select *, {_ROUNDED} as chance from ({ids})) "
                f"group by all having count(chance) = count(*) and sum(chance) >= {LEAST_CHANCE} order by all"
            ).fetchall()
        for sha256, place, count, *shown in told:
            facts = {"contract": contract, "column_name": columns[place], "row_count": count}
            found.setdefault(sha256, Finding("ids_rounded", **facts, said=", ".join(dict.fromkeys(shown))))
    return list(found.items())


def _compared(store: RawStore, source: Source, new: set[str]) -> tuple[str, str, str] | None:
    """The one column of the key, the files with the place of each, and their paths, as SQL; None with nothing to compare."""
    found = {sha256: store.rows_file(source.entity, source.contract, sha256) for sha256 in source.systems}
    paths = {sha256: path for sha256, path in found.items() if path}
    key, *more = source.entity.key
    if more or not new & paths.keys() or len(paths) < 2:
        return None
    places = ", ".join(f"({quoted(sha256)}, {place})" for place, sha256 in enumerate(source.systems))
    return key, places, ", ".join(quoted(str(path)) for path in paths.values())


def shortened(store: RawStore, source: Source, new: set[str], names: dict[str, str]) -> list[tuple[str, Finding]]:
    """The new files whose ids differ from an older file's by noughts in front alone: a spreadsheet saved one of the two.

    Each row would be another one beside the one that it is.
    """
    if (compared := _compared(store, source, new)) is None:
        return []
    key, places, files = compared
    with connected() as connection:
        ids = (
            f"select _system, _file_sha256 as sha256, cast({key} as varchar) as id, ltrim(id, '0') as bare "
            f"from read_parquet([{files}], union_by_name = true) where not coalesce(_deleted, false)"
        )
        padded = f"select distinct * from ({ids}) where starts_with(id, '0') and regexp_full_match(bare, '[1-9]\\d*')"
        if connection.execute(f"create temp table padded as {padded}").fetchall() == [(0,)]:
            return []
        # Of two files in which an id is written otherwise the one that came later is held.
        counted = connection.execute(
            f"with spelt as (select * from padded union select * from ({ids}) semi join padded using (_system, bare)), "
            f"landed as (from (values {places}) as landed (sha256, place)) "
            "select later.sha256, last(earlier.sha256 order by before.place), count(distinct later.id), "
            "first(concat(later.id, ' / ', earlier.id) order by later.id) "
            "from spelt as later join landed as after on after.sha256 = later.sha256 "
            "join spelt as earlier on earlier._system = later._system and earlier.bare = later.bare "
            "and earlier.id <> later.id join landed as before on before.sha256 = earlier.sha256 "
            "and before.place < after.place group by later.sha256"
        ).fetchall()
    return [
        (sha256, Finding("ids_shortened", contract=source.contract, name=names[older], row_count=count, said=said))
        for sha256, older, count, said in counted
        if sha256 in new
    ]


def rounded_since(store: RawStore, source: Source, new: set[str], names: dict[str, str]) -> list[tuple[str, Finding]]:
    """The new files with an id that is an older file's but for what rounding takes, of what is the same otherwise.

    One of the two is such as rounding leaves: few that are so by themselves prove nothing.
    """
    if not source.entity.same or (compared := _compared(store, source, new)) is None:
        return []
    key, places, files = compared
    # An id among them may be rounded too.
    same = {name: f"lower(trim(cast({name} as varchar)))" for name in source.entity.same if not name.endswith("_id")}
    agrees = [
        f"coalesce(later.{name} = earlier.{name}, later.{name} is null or earlier.{name} is null)" for name in same
    ]
    comparable = " or ".join(f"later.{name} = earlier.{name}" for name in same)
    with connected() as connection:
        texts = ", ".join(f"{text} as {name}" for name, text in same.items())
        long = (
            f"select _system, _file_sha256 as sha256, {key} as id, {texts} from read_parquet([{files}], "
            f"union_by_name = true) where not coalesce(_deleted, false) and {_LONG.format(key)}"
        )
        if connection.execute(f"create temp table long as {long}").fetchall() == [(0,)]:
            return []
        counted = connection.execute(
            f"with known as (select long.*, place, length(id) as figures, left(id, {KEPT_FIGURES - 1}) as first, "
            f"{_ROUNDED} is not null as is_rounded from long join (values {places}) as landed (sha256, place) using (sha256)) "
            "select later.sha256, last(earlier.sha256 order by earlier.place), count(distinct later.id), "
            "first(concat(later.id, ' / ', earlier.id) order by later.id) from known as later join known as earlier "
            "on earlier._system = later._system and earlier.figures = later.figures and earlier.first = later.first "
            "and earlier.place < later.place and earlier.id <> later.id and (earlier.is_rounded or later.is_rounded) "
            f"and abs(cast(earlier.id as hugeint) - cast(later.id as hugeint)) < pow(10, later.figures - {KEPT_FIGURES}) "
            f"where {' and '.join(agrees)} and ({comparable}) group by later.sha256"
        ).fetchall()
    return [
        (
            sha256,
            Finding(
                "ids_rounded", contract=source.contract, column_name=key, name=names[older], row_count=count, said=said
            ),
        )
        for sha256, older, count, said in counted
        if sha256 in new
    ]
