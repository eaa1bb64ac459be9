"""Reads JSON, JSON Lines and Parquet: records with names, whose names are the header.

A JSON document may hold several tables; each array of objects is one, named by its path (`$.calls[*]`). Nested objects
become columns with dotted names (`number.digits`); arrays stay JSON text. A record's line is its number.

What a JSON text takes to be read depends on how it is built, up to some 80 bytes of memory a byte beside DuckDB's bound:
one that is not small is read in a process of its own (`apart.py`), where `write` makes one Parquet file a table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.codes import Rejection, UnreadableError
from pipelines.exports.readers.apart import BrokenReaderError, read_apart
from pipelines.exports.readers.engine import answer, connected
from pipelines.exports.readers.grids import BadLine, Grid, Head, Loaded, quoted
from pipelines.exports.readers.marks import Marks, marks_of
from pipelines.exports.readers.unpack import Limits

MAX_OBJECT_BYTES = 1 << 30
# A larger JSON is read in a process of its own: to start one takes longer than to read a small file.
SMALL_BYTES = 1 << 20
# No word on what the text is, but on what was left of memory and time.
_ENDED = (duckdb.OutOfMemoryException, duckdb.InterruptException)
# Objects within objects are opened this deep; deeper ones stay text.
MAX_DEPTH = 3


class Records(Grid):
    """Named records: the header is the names, the rows are the values as text."""

    def __init__(self, part: str, query: str, names: list[str], values: list[str], bad_lines: list[BadLine]) -> None:
        """`query` gives `_line` and what `values` (SQL, one a name) read from."""
        super().__init__(part)
        self.query = query
        self.names = names
        self.values = values
        self.bad_lines = bad_lines
        # What the bytes of a JSON text tell of its values; None where they were not looked at.
        self.marks: Marks | None = None

    def heads(self) -> list[Head]:
        """The names, as the one row that can be a header."""
        return [Head([0], [list(self.names)])]

    def select(self) -> str:
        """The query of the rows as text cells: `_line, c0, c1, …`."""
        columns = ", ".join(f"{value} as c{number}" for number, value in enumerate(self.values))
        return f"select _line, {columns} from ({self.query})"

    def load(self, connection: duckdb.DuckDBPyConnection, head: int, header_row: int, pad_short_rows: bool) -> Loaded:
        """See `Grid.load`."""
        connection.execute(f"create or replace temp table grid as {self.select()}")
        loaded = Loaded(int(connection.execute("select count(*) from grid").fetchall()[0][0]), self.bad_lines)
        if self.marks:
            loaded.blanks = self.marks.blanks_of_json
            if not self.marks.escapes:
                loaded.ampersands, loaded.signs = self.marks.ampersands, self.marks.signs
                loaded.unseen = self.marks.unseen
        return loaded


def parquet_records(path: Path, member: str = "") -> list[Records]:
    """A Parquet file as records.

    Raises:
        UnreadableError: it is damaged.
    """
    source = quoted(str(path))
    try:
        names = [row[0] for row in answer(f"describe from read_parquet({source})")]
    except _ENDED:
        raise
    except duckdb.Error as error:
        raise UnreadableError("damaged", name="Parquet", said=str(error).splitlines()[0]) from error
    query = f"select file_row_number + 1 as _line, * from read_parquet({source}, file_row_number = true)"
    values = ["cast(" + '"' + name.replace('"', '""') + '"' + " as varchar)" for name in names]
    return [Records(member, query, names, values, [])]


def json_records(
    path: Path, scratch: Path, limits: Limits, member: str = "", paths: list[str] | None = None
) -> list[Records]:
    """The tables of a JSON document, or of one JSON object a line; `paths` adds tables below nested arrays.

    Raises:
        UnreadableError: it is no JSON, or takes more than the limits.
    """
    if path.stat().st_size <= SMALL_BYTES:
        return _tables(path, member, paths or [], limits.columns)
    out = scratch / f"{path.name}.tables"
    given = {"member": member, "paths": paths or [], "columns": limits.columns}
    try:
        tables = read_apart("records", path, out, limits, given)
    except BrokenReaderError as error:
        raise UnreadableError("no_json_document", said=str(error)) from error
    found = []
    marks = marks_of(path, '"')
    for number, table in enumerate(tables):
        query = f"from read_parquet({quoted(str(out / f'{number}.parquet'))})"
        bad_lines = [BadLine(line, text, Rejection("no_json")) for line, text in table["bad_lines"]]
        values = [f"c{place}" for place in range(len(table["names"]))]
        found.append(Records(table["part"], query, table["names"], values, bad_lines))
        found[-1].document, found[-1].marks = table["document"], marks
    return found


def write(path: Path, out: Path, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs in the bounded process: each table as text, and what is to be known of it besides."""
    found = []
    with connected() as connection:
        connection.execute("set global threads = 2")
        kept = count()

        def keep(query: str) -> str:
            name = f"kept{next(kept)}"
            connection.execute(f"create table {name} as {query}")
            return f"from {name}"

        tables = _tables(path, given["member"], given["paths"], given["columns"], keep)
        for number, table in enumerate(tables):
            target = quoted(str(out / f"{number}.parquet"))
            connection.execute(f"copy ({table.select()}) to {target} (format parquet)")
            bad_lines = [(line.line, line.text) for line in table.bad_lines]
            found.append({"part": table.part, "names": table.names, "document": table.document, "bad_lines": bad_lines})
    return found


def _read_each_time(query: str) -> str:
    return query


def _tables(
    path: Path, member: str, paths: list[str], most: int, keep: Callable[[str], str] = _read_each_time
) -> list[Records]:
    """The tables of a text; `keep` reads the rows of a query once, where they are many, and gives a query of those."""
    lines = _json_lines(path, keep)
    if lines is not None:
        return [_records(member, lines[0], lines[1], most)]
    # DuckDB makes room for the largest object that there may be, and none is larger than its file.
    longest = min(path.stat().st_size + 1, MAX_OBJECT_BYTES)
    source = f"read_json_objects({quoted(str(path))}, format = '{{}}', maximum_object_size = {longest})"
    with path.open(encoding="utf-8") as file:
        array = file.read(4096).lstrip()[:1] == "["
    source = source.format("array" if array else "unstructured")
    try:
        if array:
            rows = keep(f"select row_number() over () as _line, json as j from {source}")
            return [_records(member, rows, [], most)]
        counted = answer(f"select len(json_keys(json)) from {source} limit 1")
        if counted and (counted[0][0] or 0) > most:
            raise UnreadableError("too_wide", limit_count=most)
        top = answer(f"select json_keys(json), json from {source} limit 1")
        document = _scalars(source, top[0][0] if top else [])
        found = []
        wanted = list(paths)
        for key in top[0][0] if top else []:
            wanted.append(f"$.{_quoted_key(key)}[*]")
        wanted += _nodes(source)
        # A contract may write a path without the quotes that a key is given here: it is the same table.
        for json_path in {path.replace('"', ""): path for path in wanted}.values():
            nested = f"select row_number() over () as _line, unnest(json_extract(json, {quoted(json_path)})) as j from {source}"
            kinds = answer(f"select distinct json_type(j) from ({nested}) limit 3")
            if kinds == [("OBJECT",)]:
                label = json_path.replace('"', "")
                numbered = f"select row_number() over () as _line, j from ({nested})"
                found.append(_records("/".join(filter(None, [member, label])), keep(numbered), [], most))
                found[-1].document = document
        if not found:
            found.append(_records(member, f"select row_number() over () as _line, json as j from {source}", [], most))
        return found
    except _ENDED:
        raise
    except duckdb.Error as error:
        raise UnreadableError("no_json_document", said=str(error).splitlines()[0]) from error


def _nodes(source: str) -> list[str]:
    """The paths of the lists that GraphQL answers with, wherever they stand: `$.data.business.invoices.edges[*].node`."""
    if answer(f"select 1 from {source} where contains(cast(json as varchar), '\"edges\"') limit 1") == []:
        return []
    found: list[str] = []
    waiting = [("$", 0)]
    while waiting:
        path, depth = waiting.pop(0)
        keys = answer(f"select json_keys(json, {quoted(path)}) from {source} limit 1")[0][0]
        places = [f"{path}.{_quoted_key(key)}" for key in keys or []]
        kinds = (
            answer(f"select json_type(json, [{', '.join(map(quoted, places))}]) from {source} limit 1")
            if places
            else []
        )
        for place, kind in zip(places, kinds[0][0] if kinds else [], strict=True):
            if kind == "ARRAY" and place.endswith('."edges"'):
                found.append(f'{place}[*]."node"')
            elif kind == "OBJECT" and depth < MAX_DEPTH:
                waiting.append((place, depth + 1))
    return found


def _scalars(source: str, keys: list[str]) -> dict[str, str]:
    """What the document says of itself: its own keys that hold a plain value."""
    at = [quoted(f"$.{_quoted_key(key)}") for key in keys]
    if not at:
        return {}
    plain = ", ".join(
        f"case when json_type(json, {path}) not in ('OBJECT', 'ARRAY') then json_extract_string(json, {path}) end"
        for path in at
    )
    values = answer(f"select {plain} from {source} limit 1")[0]
    return {key: value for key, value in zip(keys, values, strict=True) if value is not None}


def _quoted_key(key: str) -> str:
    return '"' + key.replace('"', '\\"') + '"'


def _json_lines(path: Path, keep: Callable[[str], str]) -> tuple[str, list[BadLine]] | None:
    """The rows of a JSON Lines file and its lines that are no JSON, or None when it is not one object a line."""
    with path.open(encoding="utf-8") as file:
        filled = (line for line in file if line.strip())
        first, second = next(filled, ""), next(filled, "")
    # A document may stand on one line too, as an API answers it: lines are at least two.
    if not second or not _is_object(first):
        return None
    # One column, no quotes and a delimiter that no text holds: each physical line is one cell.
    source = (
        f"read_csv({quoted(str(path))}, auto_detect = false, header = false, columns = {{'line': 'VARCHAR'}}, "
        "delim = '\x01', quote = '', escape = '', max_line_size = 67108864)"
    )
    numbered = f"select row_number() over () as _line, line from {source}"
    try:
        numbered = keep(numbered)
        broken = answer(f"select _line, line from ({numbered}) where line is not null and not json_valid(line)")
    except _ENDED:
        raise
    except duckdb.Error as error:
        raise UnreadableError("line_ends_mixed", said=str(error).splitlines()[0]) from error
    bad_lines = [BadLine(line, text, Rejection("no_json")) for line, text in broken]
    # To ask each line again in each query would be to read it again.
    is_record = "json_valid(line)" if broken else "line is not null"
    return f"select _line, line as j from ({numbered}) where {is_record}", bad_lines


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _records(part: str, query: str, bad_lines: list[BadLine], most: int) -> Records:
    """Finds the names of all records, nested ones dotted, in the order of their first appearance."""
    names: list[str] = []
    paths: list[str] = []
    _open(query, "$", "", names, paths, MAX_DEPTH, most)
    if not names:
        return Records(part, query, [], [], bad_lines)
    # All places are asked for at once: asked for one by one, each would have the text parsed again.
    texts = f"json_extract_string(j, [{', '.join(map(quoted, paths))}])"
    values = [f"texts[{place + 1}]" for place in range(len(paths))]
    return Records(part, f"select _line, {texts} as texts from ({query})", names, values, bad_lines)


def _open(query: str, path: str, prefix: str, names: list[str], paths: list[str], depth: int, most: int) -> None:
    """Adds the names and the places of the values below a place, objects within it opened."""
    value = "j" if path == "$" else f"json_extract(j, {quoted(path)})"
    # Records mostly have the same keys: of their lists few are different. To list the places of millions of keys takes for
    # ever: one record that has too many is enough to know.
    found = answer(
        f"with lists as materialized (select distinct json_keys({value}) as keys from ({query})), "
        f"widest as (select coalesce(max(len(keys)), 0) as width from lists), "
        f"places as (select unnest(keys) as key, generate_subscripts(keys, 1) as place from lists "
        f"where (select width from widest) <= {most}) "
        f"select width, key, first from widest left join (select key, min(place) as first from places group by key "
        f"order by first, key limit {most + 1}) on true order by first, key"
    )
    if len(names) + found[0][0] > most:
        raise UnreadableError("too_wide", limit_count=most)
    keys = [str(key) for _, key, _ in found if key is not None]
    if len(names) + len(keys) > most:
        raise UnreadableError("too_wide", limit_count=most)
    places = {key: f"{path}.{_quoted_key(key)}" for key in keys}
    opened: set[str] = set()
    if keys and depth > 1:
        kinds = f"select json_type(j, [{', '.join(map(quoted, places.values()))}]) as kinds from ({query})"
        asked = ", ".join(f"bool_or(kinds[{number + 1}] = 'OBJECT')" for number in range(len(keys)))
        answers = answer(f"select {asked} from ({kinds})")[0]
        opened = {key for key, answer in zip(keys, answers, strict=True) if answer}
    for key, place in places.items():
        if key in opened:
            _open(query, place, f"{prefix}{key}.", names, paths, depth - 1, most)
        else:
            names.append(f"{prefix}{key}")
            paths.append(place)
