"""Which mark of decimals a file writes, where that is another than its contract's: told by all of its numbers together.

A spreadsheet saves numbers as its country writes them, whatever the vendor wrote: `1250.50` becomes `1250,50`. One file
has one mark, and a number that cannot be read with the contract's tells it for those that can (`1.250` is a thousand
then). Where one number can be read with the contract's mark alone, or as many may be thousands, the contract's stays.
"""

from __future__ import annotations

import duckdb

from pipelines.exports.contracts.contract import ColumnMap
from pipelines.exports.entities import entities
from pipelines.exports.landing.cast import RowSql
from pipelines.exports.landing.numbers import CURRENCY
from pipelines.exports.readers.grids import Loaded, quoted

NUMBERS = ("money", "price", "rate", "ratio", "quantity", "seconds", "integer")
OTHER = {".": ",", ",": "."}
# A number with either mark, which may have a currency's sign or code.
_NUMBER = (
    rf"\s*[-(\x{{2212}}\x{{2013}}]?\s*({CURRENCY}|[A-Z]{{1,3}})?\s*-?\d[\d.,'\s\x{{00a0}}\x{{202f}}\x{{2009}}\x{{2019}}]*"
    rf"\s*({CURRENCY}|[A-Z]{{1,3}}|[Cc]r|[Dd]r)?[-)]?\s*"
)


def _decimals(text: str, mark: str) -> str:
    """SQL of whether a text is a number with decimals behind that mark, and cannot be one with thousands before it."""
    comma, point = f"[{mark}]", f"[{OTHER[mark]}]"
    sure = f"\\d{comma}(\\d{{1,2}}|\\d{{4,}})\\D*$|(^|\\D)0{comma}\\d|\\d{{4}}{comma}\\d|\\d{point}\\d{{3}}{comma}\\d"
    alone = f"length({text}) - length(replace({text}, '{mark}', '')) = 1"
    return f"coalesce(contains({text}, '{mark}') and {alone} and regexp_matches({text}, {quoted(sure)}), false)"


def _thousands(text: str, mark: str) -> str:
    """SQL of whether a text may be a number with that mark before its thousands."""
    groups = quoted(f"(^|\\D)\\d{{1,3}}[{mark}]\\d{{3}}\\D*$")
    return f"coalesce(contains({text}, '{mark}') and regexp_matches({text}, {groups}), false)"


def _reads_both(spec: ColumnMap) -> bool:
    """Whether the contract itself says how a column is read whose decimals are written in another way."""
    return spec.formats is not None or any(_reads_both(case) for _, case in spec.branches)


def _numbers(sql: RowSql) -> dict[str, str]:
    """The file's columns of numbers that the contract's own formats read: the SQL of each one's text -> its header."""
    specs = [
        mapping.columns[column.name]
        for entity_id, mapping in sql.match.feeds
        for column in entities()[entity_id].columns
        if column.type in NUMBERS and column.name in mapping.columns
    ]
    read = [spec.headers for spec in specs if not (_reads_both(spec) or spec.unit == "hms")]
    places = {place for headers in read for aliases in headers if (place := sql.match.find(aliases)) is not None}
    return {f"t{place}": sql.match.headers[place] for place in sorted(places)}


def written_otherwise(sql: RowSql) -> str | None:
    """SQL of whether a row of the view `cleaned` has a number with decimals behind another mark than the contract's."""
    other = OTHER[sql.contract.formats.decimal]
    return " or ".join(_decimals(text, other) for text in _numbers(sql)) or None


def to_own_marks(connection: duckdb.DuckDBPyConnection, sql: RowSql, loaded: Loaded) -> tuple[str, str] | None:
    """Writes the numbers of `grid` with the contract's mark where the file has the other: a column and a number of it.

    What is no number throughout stays as it stands, and is told so. None where the file writes as the contract says.
    """
    own = sql.contract.formats.decimal
    other, numbers = OTHER[own], _numbers(sql)
    if not numbers or (other == "," and not loaded.commas):
        return None
    # Most files have none of the other mark, which is quickly seen.
    has = " or ".join(f"coalesce(contains({text}, '{other}'), false)" for text in numbers)
    if not connection.execute(f"select 1 from cleaned where {has} limit 1").fetchall():
        return None
    counts = ", ".join(
        f"count(*) filter (where {_decimals(text, other)}), count(*) filter (where {_decimals(text, own)}), "
        f"count(*) filter (where {_thousands(text, other)}), first({text}) filter (where {_decimals(text, other)})"
        for text in numbers
    )
    found = connection.execute(f"select {counts} from cleaned").fetchall()[0]
    others, owns, thousands = (sum(found[place::4]) for place in range(3))
    if owns or others <= thousands:
        return None
    cells = [f"c{text[1:]}" for text in numbers]
    marked = [f"coalesce(regexp_full_match({cell}, {quoted(_NUMBER)}), false)" for cell in cells]
    written = (
        f"{cell} = case when {is_number} then translate({cell}, '.,', ',.') else {cell} end"
        for cell, is_number in zip(cells, marked, strict=True)
    )
    connection.execute(f"update grid set {', '.join(written)} where {' or '.join(marked)}")
    return next((header, said) for header, said in zip(numbers.values(), found[3::4], strict=True) if said)
