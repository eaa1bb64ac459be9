"""Fits a loaded table to its contract's layout: cells that are never kept, and columns that come from elsewhere.

`grid` holds the file's own cells after loading. The columns that the contract derives are put behind them: texts from
above the header (`table.above`) and the titles of groups of rows (`table.group`).
"""

from __future__ import annotations

import re

import duckdb

from pipelines.exports.contracts.recognise import Match
from pipelines.exports.landing.cast import RowSql
from pipelines.exports.readers.grids import Grid, Loaded, quoted

# What stands for a sign in HTML.
ENTITY = "&(?:[A-Za-z][A-Za-z0-9]+|#[0-9]+|#[xX][0-9a-fA-F]+);"


def _above(grid: Grid, match: Match) -> dict[str, str | None]:
    """What the contract's patterns find in the lines above the header: the first group, or all that fits."""
    if not match.contract.table.above:
        return {}
    depth = match.contract.table.header_rows
    rows = grid.heads()[match.head].rows[: max(match.header_row - depth + 1, 0)]
    texts = [cell.strip() for row in rows for cell in row if cell and cell.strip()]
    found: dict[str, str | None] = {}
    for name, pattern in match.contract.table.above.items():
        hits = (re.search(pattern, text) for text in texts)
        hit = next((hit for hit in hits if hit), None)
        found[name] = None if hit is None else hit[1] if hit.re.groups else hit[0]
    return found


def holds_entity(cell: str) -> str:
    """SQL of whether a cell holds an HTML entity."""
    return f"coalesce(contains({cell}, '&') and regexp_matches({cell}, {quoted(ENTITY)}), false)"


def unescape(connection: duckdb.DuckDBPyConnection, match: Match, loaded: Loaded) -> int:
    """Reads HTML entities in `grid` as what they stand for (`Dr&auml;xl &amp; Dahl`); how many rows had some.

    Web forms write them into one system and not into the other, and then one name is two.
    """
    columns = [f"c{place}" for place in range(len(match.headers) - len(match.contract.table.derived))]
    found = [holds_entity(column) for column in columns]
    if not columns or not loaded.ampersands:
        return 0
    count = int(connection.execute(f"select count(*) from grid where {' or '.join(found)}").fetchall()[0][0])
    if count:
        read = ", ".join(
            f"{column} = case when {has} then unescape_html({column}) else {column} end"
            for column, has in zip(columns, found, strict=True)
        )
        connection.execute(f"update grid set {read} where {' or '.join(found)}")
        # `&nbsp;` is a blank of which the file's bytes told nothing.
        loaded.blanks = "spaces" if loaded.blanks in ("plain", "none") else loaded.blanks
    return count


def fit(connection: duckdb.DuckDBPyConnection, grid: Grid, sql: RowSql) -> int:
    """Drops and derives what the contract says of the table in `grid`; how many rows were titles of groups."""
    match, table = sql.match, sql.contract.table
    dropped = {match.find([name]) for name in table.drop} - {None}
    if not dropped and not table.derived:
        return 0
    own = len(match.headers) - len(table.derived)
    cells = [f"cast(null as varchar) as c{place}" if place in dropped else f"c{place}" for place in range(own)]
    above = _above(grid, match)
    for name in table.derived:
        text = above.get(name)
        cells.append(f"{'cast(null as varchar)' if text is None else quoted(text)} as c{match.find([name])}")
    connection.execute(f"create or replace temp table grid as select _line, {', '.join(cells)} from grid")
    if table.group is None:
        return 0
    no_data = " or ".join(f"({sql.where(conditions)})" for conditions in table.skip) or "false"
    title = f"({sql.where(table.group.when)}) and not ({no_data})"
    text = sql.header(table.group.from_) if table.group.from_ else f"coalesce({', '.join(f't{n}' for n in range(own))})"
    texts = {table.group.column: text} | {name: sql.header(cell) for name, cell in table.group.also.items()}
    # A cell that is blank in the newest title is blank below it, whatever an earlier title had there.
    derived = ", ".join(
        f"nullif(last_value(case when title and {text} is not null then coalesce({cell}, '') end ignore nulls) "
        f"over (order by _line), '') "
        f"as c{match.find([name])}"
        for name, cell in texts.items()
    )
    trimmed = ", ".join(f"t{place}" for place in range(len(match.headers)))
    connection.execute(
        f"create or replace temp table grid as select * exclude (title, {trimmed}) replace ({derived}) "
        f"from (select *, {title} as title from ({sql.cleaned('any')}))"
    )
    connection.execute(f"create or replace temp view cleaned as {sql.cleaned('any')}")
    where = f"select _line from cleaned where {title}"
    count = int(connection.execute(f"select count(*) from ({where})").fetchall()[0][0])
    connection.execute(f"delete from grid where _line in ({where})")
    return count
