"""What a program wrote around a value that is none of it, and would make another id of the same record, in silence.

A program that took ids for numbers writes `9201.0`, or `9,201`; a spreadsheet writes `="9201"`, or `'9201`, so that a text
stays one; what was copied from a page has signs in it that nobody sees. A record would be there twice, a link lead nowhere.
"""

from __future__ import annotations

import duckdb

from pipelines.exports.codes import Finding
from pipelines.exports.entities import entities
from pipelines.exports.landing.cast import RowSql
from pipelines.exports.readers.grids import Loaded, quoted

# Signs that nobody sees, of no width, of a direction or of byte order; those that join letters are letters.
_UNSEEN = r"[\x{200b}\x{200e}\x{200f}\x{2060}\x{feff}]"
# What stands around a text in any column: no name, number or date is written so.
_FORMULA, _QUOTED = r'^="(.*)"$', r"^'([-+]?\d[-\d.,:/ ]*)$"
# Of all ids of a column, which may be none that is written so by its vendor; the short ones have no thousands.
_FLOAT, _GROUPED, _SHORT, _MARKED = r"\d+\.0", r"\d{1,3}(,\d{3})+", r"\d{1,3}", r"'\S*\d\S*"
_SHAPES = (_FLOAT, _GROUPED, _SHORT, _MARKED)


def _ids(sql: RowSql) -> dict[str, bool]:
    """SQL of the texts of columns of ids -> whether one is a record's own."""
    found: dict[str, bool] = {}
    for entity_id, mapping in sql.match.feeds:
        entity = entities()[entity_id]
        for name in (column.name for column in entity.columns if column.is_id and column.name in mapping.columns):
            for aliases in mapping.columns[name].headers:
                if (place := sql.match.find(aliases)) is not None:
                    found[f"t{place}"] = found.get(f"t{place}", False) or (name,) == tuple(entity.key)
    return found


def _around(sql: RowSql, loaded: Loaded) -> dict[str, str]:
    """SQL of a text -> SQL of whether anything is written around it; how it begins is quickly seen."""
    ids, tests = _ids(sql), {}
    for text in (f"t{place}" for place in sql.asked_for()):
        parts = []
        if loaded.signs:
            parts += [
                f"starts_with({text}, {quoted(sign)}) and regexp_matches({text}, {quoted(pattern)})"
                for sign, pattern in (('="', _FORMULA), ("'", _QUOTED))
            ]
        if loaded.unseen and text in ids:
            parts.append(f"regexp_matches({text}, {quoted(_UNSEEN)})")
        if parts:
            tests[text] = f"coalesce({' or '.join(parts)}, false)"
    return tests


def _likely(sql: RowSql, loaded: Loaded) -> list[str]:
    """SQL of whether an id is written as one is where all of its column are; how it looks is quickly seen."""
    shapes = quoted("|".join((_FLOAT, _GROUPED, _MARKED)))
    looks = [
        "suffix({0}, '.0')",
        *(["contains({0}, ',')"] if loaded.commas else []),
        *(["starts_with({0}, chr(39))"] if loaded.signs else []),
    ]
    quick = " or ".join(looks)
    return [f"coalesce(({quick.format(text)}) and regexp_full_match({text}, {shapes}), false)" for text in _ids(sql)]


def written_by_programs(sql: RowSql) -> str | None:
    """SQL of whether a row of the view `cleaned` has a text that may have to be read otherwise than it is written."""
    return " or ".join([*_around(sql, Loaded(0)).values(), *_likely(sql, Loaded(0))]) or None


def to_own_ids(connection: duckdb.DuckDBPyConnection, sql: RowSql, loaded: Loaded) -> Finding | None:
    """Takes out of `grid` what programs wrote around its texts; what it was, or None where they wrote nothing."""
    around = _around(sql, loaded)
    tests = " or ".join([*around.values(), *_likely(sql, loaded)])
    if not tests or not connection.execute(f"select 1 from cleaned where {tests} limit 1").fetchall():
        return None
    read = {text: text for text in _ids(sql)}
    for text, is_around in around.items():
        plain = text
        for pattern in (_UNSEEN, _FORMULA, _QUOTED):
            plain = f"regexp_replace({plain}, {quoted(pattern)}, {quoted('' if pattern == _UNSEEN else chr(92) + '1')}, 'g')"
        read[text] = f"(case when {is_around} then {plain} else {text} end)"
    for text, of_all in _written_throughout(connection, _ids(sql), read).items():
        read[text] = f"regexp_replace({read[text]}, {quoted(of_all)}, '', 'g')"
    differs = {text: f"coalesce({plain} <> {text}, false)" for text, plain in read.items()}
    any_of = " or ".join(differs.values())
    told = (f"count(*) filter (where {other}), first({text}) filter (where {other})" for text, other in differs.items())
    rows, *counts = connection.execute(
        f"select count(*) filter (where {any_of}), {', '.join(told)} from cleaned"
    ).fetchall()[0]
    changed = [text for text, count in zip(read, counts[::2], strict=True) if count]
    if not changed:
        return None
    texts = ", ".join(f"{read[text]} as {text}" for text in changed)
    connection.execute(
        f"update grid set {', '.join(f'c{text[1:]} = plain.{text}' for text in changed)} from "
        f"(select _line, {texts} from cleaned where {any_of}) as plain where grid._line = plain._line"
    )
    columns = ", ".join(sql.match.headers[int(text[1:])] for text in changed)
    return Finding("written_around", column_name=columns, said=next(filter(None, counts[1::2])), row_count=rows)


def _written_throughout(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, bool], read: dict[str, str]
) -> dict[str, str]:
    """Columns of ids that are all written by a program -> the pattern of what is none of them.

    Commas are thousands where the records' own ids have them: a link may be a list.
    """
    if not ids:
        return {}
    asked = []
    for text in ids:
        tests = (f"regexp_full_match({read[text]}, {quoted(shape)})" for shape in _SHAPES)
        asked += [f"count({read[text]})", *(f"count(*) filter (where {test})" for test in tests)]
    counts = connection.execute(f"select {', '.join(asked)} from cleaned").fetchall()[0]
    found, grouped = {}, {}
    for place, text in enumerate(ids):
        filled, floats, groups, short, marked = counts[5 * place : 5 * place + 5]
        if filled and filled in (floats, marked):
            found[text] = r"\.0$" if floats else "^'"
        elif groups and groups + short == filled:
            grouped[text] = ","
    return found | (grouped if any(ids[text] for text in grouped) else {})
