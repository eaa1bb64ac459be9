"""Whether a file's cells look like what its headers promise: dates under a date's, amounts under an amount's.

Headers can stand over other columns' values: a table that was pasted one column to the side, sorted in part, or made up.
Each row of it might still be read, as something that it is not. So of the first rows each column is asked how many of
its cells can be what it should hold; where too few can, over all columns, the file is held.
"""

from __future__ import annotations

import duckdb

from pipelines.exports.contracts.contract import EntityMap
from pipelines.exports.entities import Entity
from pipelines.exports.landing.cast import Cast, RowSql

ROWS = 500
# The least share, each column counting once: of all fixtures and public files four of five and more can be read.
LEAST = 0.7
# A letter of any script, in a few ranges: to compile `\p{L}` takes DuckDB longer than to ask a small file everything else.
_LETTER = "[A-Za-zªµºÀ-\u1fff\u2c00-\U0010ffff]"
_LETTERS = f"regexp_matches({{0}}, '{_LETTER}') and lower({{0}}) not in ('true', 'false') and not contains({{0}}, '@') and not regexp_matches({{0}}, '^\\d{{{{4}}}}-\\d\\d')"
_DIGITS = f"starts_with({{0}}, '[') or regexp_matches({{0}}, '\\d') and not regexp_matches({{0}}, '[@/]|{_LETTER}{{{{4}}}}|^\\d{{{{4}}}}-\\d\\d|^\\d+[.,]\\d+$')"
# What a text column's cells look like, by its canonical name; of other texts anything does.
_SHAPES = {
    **dict.fromkeys(("name", "full_name", "city", "country", "job_title", "company_name", "agent_name"), _LETTERS),
    **dict.fromkeys(("phone", "mobile", "caller_number", "callee_number", "tracking_number"), _DIGITS),
    "email": "contains({0}, '@') or starts_with({0}, '[')",
    "website": "contains({0}, '.') and not contains({0}, '@') and not contains({0}, ' ')",
}


def _test(entity: Entity, mapping: EntityMap, cast: Cast) -> str | None:
    """SQL of the share of a column's cells that can be what it holds; None where nothing can be said."""
    column, given = cast.column, f"{cast.text} is not null"
    rows = f"nullif(count(*) filter (where {given}), 0)"
    if not cast.source or not cast.can_fail:
        return None
    is_key = entity.key == (column.name,) and mapping.key == "given" and not mapping.one_row_per
    if is_key:
        # Exports hold a row for each change, too: a key is mostly another one, and always there.
        words = f"count(*) filter (where regexp_matches({cast.text}, '{_LETTER} {_LETTER}|^\\d{{1,3}}(,\\d{{3}})+$|^\\d+[.]\\d+$'))"
        return f"least(1, 2 * count(distinct {cast.text}) / {rows}) - {words} / {rows}"
    if column.type == "text" and not column.one_of:
        if column.name not in _SHAPES:
            return None
        return f"count(*) filter (where {_SHAPES[column.name].format(cast.text)}) / {rows}"
    return f"count(*) filter (where {given} and {column.name} is not null) / {rows}"


def likeness(
    connection: duckdb.DuckDBPyConnection,
    sql: RowSql,
    mappings: list[tuple[Entity, EntityMap]],
    file_of: str = "0",
    files: int = 1,
) -> dict[int, tuple[float, list[str]]]:
    """The share of filled cells of the view `cleaned` that can be what they should be, and the headers of which most cannot.

    By file, where the view holds the first rows of several: `file_of` is SQL of a row's.
    """
    shares: dict[int, dict[str, float]] = {}
    for entity, mapping in mappings:
        casts = sql.entity(entity, mapping)
        tests = {cast.source: test for cast in casts if (test := _test(entity, mapping, cast))}
        if not tests or any(spec.total for spec in mapping.columns.values()):
            continue
        rows = f"(select * from cleaned where {sql.where(mapping.where)} limit {ROWS * files})"
        asked = f"select {file_of} as file, {', '.join(tests.values())} from ({sql.typed(casts, rows)}) group by all"
        for file, *found in connection.execute(asked).fetchall():
            of_file = shares.setdefault(file, {})
            for source, share in zip(tests, found, strict=True):
                if share is not None:
                    # A cell that feeds two columns looks like the one that it looks like most.
                    of_file[source] = max(float(share), 0.0, of_file.get(source, 0.0))
    return {
        file: (sum(found.values()) / len(found), [source for source, share in found.items() if share < 0.5])
        for file, found in shares.items()
        if found
    }


def is_unlike(share: float, unlike: list[str], rows: int) -> bool:
    """Whether so small a share tells that the values are not the headers'; a row alone may be odd, and one column of three."""
    return share < LEAST and (len(unlike) > 2 or (rows > 1 and (len(unlike) > 1 or share <= 0.5)))
