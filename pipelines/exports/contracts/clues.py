"""What a table's rows are evidence of together: totals and titles among them, sums, products, links to landed files.

For the guesses of a first contract (`draft.py`). Every question is one query in DuckDB over the whole table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import duckdb

from pipelines.exports.contracts.contract import Formats
from pipelines.exports.contracts.profile import USUAL, Profile
from pipelines.exports.contracts.vocabulary import plain, synonyms
from pipelines.exports.entities import entities
from pipelines.exports.landing.numbers import number
from pipelines.exports.landing.owners import ANYBODYS, LINKED
from pipelines.exports.landing.reading import TextTable
from pipelines.exports.readers.grids import quoted

# A sum or product holds where this share of the rows agrees to the cent.
AGREES = 0.95
# Among more columns of numbers than this a sum that holds by chance is near.
MOST_NUMBERS = 14
_CENT = "0.011"
# So many rows tell which sums are worth holding against all.
FEW_ROWS = 200
_STAMP = r"(?i)\d{1,2}:\d{2}|\d{4}.*gmt|gmt[+-]?\d*z?$|(accrual|cash) basis|^\W*page \d"


@dataclass
class Leftover:
    """A row that is no data: where the word that tells it stands, and all of its cells."""

    line: int
    place: int
    text: str
    cells: list[str | None]


@dataclass
class Layout:
    """The rows that are no data, taken out of the table, and whether short lines are rows too."""

    totals: list[Leftover] = field(default_factory=list)
    footers: list[Leftover] = field(default_factory=list)
    # Rows of one text each, above the rows that they are the title of.
    titles: list[Leftover] = field(default_factory=list)
    short_rows: bool = False


@dataclass(frozen=True)
class Sum:
    """In nearly every row the first two columns make the third: added up, or multiplied."""

    first: int
    second: int
    third: int
    product: bool = False
    # The rows in which it does.
    rows: int = 0


def total_pattern() -> str:
    """A text that begins as one of a total does: with `for` and a name behind it, or nothing."""
    words = "|".join(re.escape(word) for word in sorted(synonyms()["totals"], key=len, reverse=True))
    return rf"(?i)^\W*({words})\b(\W*$|\W+(for|of|по|för|für|über)\b|.*:$)"


def take_leftovers(table: TextTable) -> Layout:
    """Takes totals, titles and footers out of the loaded table and says where they stand."""
    connection, width = table.connection, table.width
    layout = Layout()
    short = [line for line in table.ragged if 0 < len(line.cells) < width]
    for line in short:
        cells = [*line.cells, *[None] * (width - len(line.cells))]
        connection.execute(
            f"insert into grid values ({', '.join('?' * (width + 1))})", [line.line, *(cell or None for cell in cells)]
        )
    filled = " + ".join(f"(coalesce(trim(c{place}), '') != '')::int" for place in range(width))
    usual = connection.execute(f"select quantile_disc({filled}, 0.5) from grid").fetchall()[0][0] or 0
    pattern = total_pattern()
    told = " or ".join(f"regexp_matches(trim(c{place}), {quoted(pattern)})" for place in range(width))
    alone = f"({filled}) = 1" if usual >= 3 else "false"
    rows = connection.execute(f"select * from grid where {told} or ({filled}) < 1 or {alone} order by _line").fetchall()
    last = connection.execute(
        f"select max(_line) from grid where not ({told} or {alone}) and ({filled}) >= 1"
    ).fetchall()
    gone: list[int] = []
    for line, *cells in rows:
        texts = [(place, cell.strip()) for place, cell in enumerate(cells) if cell and cell.strip()]
        gone.append(line)
        if not texts:
            continue
        place, text = next((found for found in texts if re.search(pattern, found[1])), texts[0])
        found = Leftover(line, place, text, list(cells))
        if re.search(pattern, text):
            layout.totals.append(found)
        elif line > (last[0][0] or 0) or re.search(_STAMP, text):
            layout.footers.append(found)
        else:
            layout.titles.append(found)
    # A short line that is a row of data stays what it is: a line with too few cells.
    layout.short_rows = bool(short) and {line.line for line in short} <= set(gone)
    lines = [*gone, *(line.line for line in short)]
    if lines:
        connection.execute(f"delete from grid where _line in ({', '.join(map(str, lines))})")
    return layout


def is_number(found: Profile) -> bool:
    """Whether a column holds amounts, prices or quantities, as far as values can tell."""
    return found.filled > 0 and found.share(max(found.numbers.values(), default=0)) >= AGREES and not found.unix


def cell_number(found: Profile, stored: str = "DECIMAL(18,4)") -> str:
    """SQL: a cell as a number, with the mark that reads most of its column."""
    return number(f"nullif(trim(c{found.place}), '')", stored, marks_of(found))


def marks_of(found: Profile) -> Formats:
    """The marks that read most of a column's numbers."""
    return Formats(decimal=found.decimal, thousands=["'", "," if found.decimal == "." else "."])  # type: ignore[arg-type]


def sums(connection: duckdb.DuckDBPyConnection, profiles: list[Profile]) -> list[Sum]:
    """Which columns of numbers are the sum or the product of two others, in nearly every row that says so."""
    # A column of zeros adds up with everything.
    numeric = [
        found for found in profiles if is_number(found) and any(re.search("[1-9]", value) for value in found.samples)
    ]
    if not 3 <= len(numeric) <= MOST_NUMBERS:
        return []
    cells = ", ".join(f"{cell_number(found, 'DOUBLE')} as n{found.place}" for found in numeric)
    connection.execute(f"create or replace temp table numbers as select {cells} from grid")
    tries = _likely(connection, [found.place for found in numeric])
    if not tries:
        return []
    parts = ", ".join(
        f"count(*) filter (where {holds} and {moved}), count(*) filter (where {moved})"
        for holds, moved in map(_tests, tries)
    )
    row = connection.execute(f"select {parts} from numbers").fetchall()[0]
    return [
        replace(known, rows=int(row[2 * place]))
        for place, known in enumerate(tries)
        if row[2 * place + 1] and row[2 * place] >= AGREES * row[2 * place + 1]
    ]


def _tests(tried: Sum) -> tuple[str, str]:
    """SQL: whether a row of `numbers` holds the sum or product, and whether it says anything of it."""
    a, b, c = f"n{tried.first}", f"n{tried.second}", f"n{tried.third}"
    if tried.product:
        return f"abs({a} * {b} - {c}) < {_CENT}", f"abs({a}) > 1.5 and abs({b}) != 1 and {c} is not null"
    held = f"abs(coalesce({a}, 0) + coalesce({b}, 0) - {c}) < {_CENT}"
    return held, f"(coalesce({a}, 0) != 0 or coalesce({b}, 0) != 0) and {c} is not null"


def _likely(connection: duckdb.DuckDBPyConnection, places: list[int]) -> list[Sum]:
    """The sums and products that hold in most of a few rows: only these are asked of all."""
    rows = connection.execute(f"select * from numbers limit {FEW_ROWS}").fetchall()
    found = []
    for one, other in combinations(range(len(places)), 2):
        added: list[tuple[tuple[float | None, ...], float]] = []
        times: list[tuple[tuple[float | None, ...], float]] = []
        for row in rows:
            a, b = row[one], row[other]
            if a or b:
                added.append((row, (a or 0) + (b or 0)))
            if a is not None and b is not None and abs(a) > 1.5 and abs(b) != 1:
                times.append((row, a * b))
        for third, place in enumerate(places):
            if third in (one, other):
                continue
            for product, made in ((False, added), (True, times)):
                told = [abs(row[third] - value) < float(_CENT) for row, value in made if row[third] is not None]  # type: ignore[operator]
                if told and 2 * sum(told) >= len(told):
                    found.append(Sum(places[one], places[other], place, product))
    return found


def links(
    connection: duckdb.DuckDBPyConnection, profiles: Iterable[Profile], raw: Path | None
) -> dict[str, dict[int, float]]:
    """Entity -> column -> how many of its different values are ids of that entity in a file that is landed already."""
    found: dict[str, dict[int, float]] = {}
    if raw is None:
        return found
    for entity in entities().values():
        files = [str(path) for path in (raw / entity.domain / entity.name).glob("*[0-9a-f].parquet")]
        if not files or len(entity.key) != 1 or entity.domain == "lists":
            continue
        ids = f"select distinct cast({entity.key[0]} as varchar) as id from read_parquet(?, union_by_name = true)"
        connection.execute(f"create or replace temp table landed_ids as {ids}", [files])
        for profile in profiles:
            if profile.different < 2 or profile.date_share >= USUAL:
                continue
            share = connection.execute(
                f"select avg((id is not null)::int) from (select distinct trim(c{profile.place}) as v from grid "
                f"where trim(c{profile.place}) != '') left join landed_ids on id = v"
            ).fetchall()[0][0]
            if share and share >= LINKED:
                found.setdefault(entity.id, {})[profile.place] = float(share)
    return found


def linked_system(
    connection: duckdb.DuckDBPyConnection, linked: dict[str, dict[int, float]], raw: Path | None, own: str
) -> str:
    """The system whose landed records a table's links name: its exports share their ids. Blank where none or two are.

    Of `own`, the entity that the table holds, equal ids are no link; and a short number may be anybody's.
    """
    named: Counter[str] = Counter()
    for entity in entities().values():
        files = [str(path) for path in raw.glob(f"{entity.domain}/{entity.name}/*[0-9a-f].parquet")] if raw else []
        for place in linked.get(entity.id, ()) if files and entity.id != own else ():
            named.update(
                dict(
                    connection.execute(
                        f"select _system, count(distinct trim(c{place})) from grid join "
                        f"(select distinct cast({entity.key[0]} as varchar) as id, _system "
                        f"from read_parquet(?, union_by_name = true)) on id = trim(c{place}) "
                        f"where not regexp_matches(id, {quoted(ANYBODYS)}) group by all",
                        [files],
                    ).fetchall()
                )
            )
    first, *others = [*named.most_common(2), ("", 0)]
    return "" if others and others[0][1] == first[1] else first[0]


def repeats(connection: duckdb.DuckDBPyConnection, key: Profile, others: Iterable[Profile]) -> bool:
    """Whether the other columns are the same in all rows of a key: a line a row, the head repeated."""
    cells = ", ".join(f"coalesce(trim(c{found.place}), '')" for found in others)
    if not cells or not key.filled:
        return False
    differing = connection.execute(
        f"select count(*) from (select 1 from grid where trim(c{key.place}) != '' group by c{key.place} "
        f"having count(distinct concat_ws(chr(31), {cells})) > 1)"
    ).fetchall()
    return int(differing[0][0]) == 0


def total_said(layout: Layout, found: Profile, connection: duckdb.DuckDBPyConnection) -> str | None:
    """The file's own grand total of a column: what its last row of totals says of it."""
    for leftover in reversed(layout.totals):
        cell = leftover.cells[found.place] if found.place < len(leftover.cells) else None
        if cell and re.search(r"\d", cell):
            read = number(quoted(cell.strip()), "DECIMAL(18,4)", marks_of(found))
            value = connection.execute(f"select {read}").fetchall()[0][0]
            return None if value is None else str(value)
    return None


def is_grand(leftover: Leftover) -> bool:
    """Whether a row of totals is that of the whole table, and none of a group's."""
    return plain(leftover.text) in set(map(plain, synonyms()["totals"]))


def column_sum(found: Profile, connection: duckdb.DuckDBPyConnection) -> str:
    """What the rows that are data add up to in a column."""
    total = connection.execute(f"select coalesce(sum({cell_number(found)}), 0) from grid").fetchall()[0][0]
    return str(total)
