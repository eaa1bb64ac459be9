"""Exports as users make them of a vendor's: columns left out, re-ordered, renamed and added, views of one row.

And files that a spreadsheet saved again.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.headers import header_cells
from pipelines.exports.contracts.languages import said_of
from pipelines.exports.contracts.recognise import recognise
from pipelines.exports.landing.land import open_grids
from pipelines.exports.readers.delimited import Delimited
from pipelines.exports.readers.unpack import Limits

OWN_COLUMNS = 12


@dataclass(frozen=True)
class Export:
    """One table of a file, taken apart: what stands above its header, the header, and the rows.

    `written` puts it together again; `document` is the JSON around the records.
    """

    name: str
    contract: Contract
    above: list[list[str]]
    header: list[str]
    rows: list[list[str]]
    # Cells of JSON keep their types.
    document: dict[str, Any] | list[Any] | None = None
    path: str = "$[*]"

    def written(self) -> bytes:
        """The file."""
        if self.document is not None:
            return json.dumps(self._document(), ensure_ascii=False).encode()
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*self.above, self.header, *self.rows])
        return text.getvalue().encode()

    def _document(self) -> Any:
        records: list[dict[str, Any]] = []
        for row in self.rows:
            record: dict[str, Any] = {}
            for header, cell in zip(self.header, row, strict=True):
                *parents, last = header.split(".")
                place = record
                for parent in parents:
                    place = place.setdefault(parent, {})
                if cell != "\0":
                    place[last] = json.loads(cell)
            records.append(record)
        steps, within = _steps(self.path)
        for step in reversed(within):
            records = [{step: record} for record in records]
        whole = json.loads(json.dumps(self.document))
        if not steps:
            return records
        place = whole
        for step in steps[:-1]:
            place = place[step]
        place[steps[-1]] = records
        return whole


def _steps(path: str) -> tuple[list[str], list[str]]:
    """The keys that lead to the list, and within it to each record: `$.result.items[*]`, `$.data.edges[*].node`."""
    to_list, _, within = path.removeprefix("$").replace('"', "").partition("[*]")
    return [step for step in to_list.split(".") if step], [step for step in within.split(".") if step]


def _flat(record: dict[str, Any], parent: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{parent}{key}.")
        else:
            found[f"{parent}{key}"] = json.dumps(value, ensure_ascii=False)
    return found


def taken_apart(path: Path, scratch: Path, contracts: dict[str, Contract]) -> Export | None:
    """A file of one table with a header, or None for what is written otherwise."""
    (grid, *others) = open_grids(path, scratch, contracts, Limits())
    match = recognise(grid, contracts).match
    if others or match is None or match.header_row < 0 or match.contract.refuse:
        return None
    if path.suffix == ".json":
        document = json.loads(path.read_text(encoding="utf-8"))
        records: Any = document
        steps, within = _steps(grid.part)
        for step in steps:
            records = records[step]
        for step in within:
            records = [record[step] for record in records]
        flat = [_flat(record) for record in records]
        header = list(dict.fromkeys(key for record in flat for key in record))
        rows = [[record.get(key, "\0") for key in header] for record in flat]
        return Export(path.name, match.contract, [], header, rows, document, grid.part)
    if not isinstance(grid, Delimited) or match.contract.table.header_rows > 1:
        return None
    text = grid.path.read_text(encoding="utf-8-sig")
    delimiter = max(",;\t|", key=text.count)
    lines = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    wanted = list(match.headers[: len(match.headers) - len(match.contract.table.derived)])
    place = next(number for number, row in enumerate(lines) if header_cells(list(row))[1] == wanted)
    # A cell of several lines would move the lines below it when its column goes.
    rows = [[cell.replace("\n", " ") for cell in row] for row in lines[place + 1 :]]
    return Export(path.name, match.contract, lines[:place], lines[place], rows)


def without(export: Export, place: int) -> Export:
    """The export without one column."""
    cut = [[cell for number, cell in enumerate(row) if number != place] for row in (export.header, *export.rows)]
    return replace(export, header=cut[0], rows=cut[1:])


def respelt(export: Export, spell: Callable[[str], str]) -> Export:
    """The export with other headers."""
    return replace(export, header=[spell(header) for header in export.header])


def snake(header: str) -> str:
    """`Deal Name` and `DealName` as `deal_name`."""
    spaced = re.sub(r"(?<=[a-zа-я\d])(?=[A-ZА-Я])", "_", header.strip())
    return re.sub(r"[^\w.%*]+", "_", spaced).strip("_").lower()


def translated(export: Export) -> Iterator[Export]:
    """The export in each other language of the vendor's user interface of which most of its headers are known."""
    for said in said_of(export.contract.contract).values():
        names = {own: theirs for theirs, own in reversed(said.get("headers", {}).items())}
        if 2 * len(names.keys() & set(export.header)) < len(export.header):
            continue
        words = [{own: theirs for theirs, own in said.get("cells", {}).get(name, {}).items()} for name in export.header]
        rows = [[words[place].get(cell, cell) for place, cell in enumerate(row[: len(words)])] for row in export.rows]
        yield replace(export, header=[names.get(name, name) for name in export.header], rows=rows)


def reordered(export: Export) -> Export:
    """The columns in the opposite order; the first stays where rows of titles stand in it."""
    if export.document is None and any(not any(row[1:]) for row in export.rows):
        order = [0, *range(len(export.header) - 1, 0, -1)]
    else:
        order = list(range(len(export.header) - 1, -1, -1))
    moved = [[row[place] if place < len(row) else "" for place in order] for row in (export.header, *export.rows)]
    return replace(export, header=moved[0], rows=[row if any(row) else [] for row in moved[1:]])


def with_own_columns(export: Export) -> Iterator[Export]:
    """The export with a dozen columns of a company's own, alone and with one called as what speaks against it."""
    taken = header_cells(list(export.header))[0]
    dozen = [f"Our field {number}" for number in range(OWN_COLUMNS)]
    for more in ([], *([header] for header in export.contract.recognise.without if header.casefold() not in taken)):
        own = dozen + more
        cells = [f"x{number}" for number in range(len(own))]
        if export.document is not None:
            cells = [json.dumps(cell) for cell in cells]
        rows = [[*row, *cells] if len(row) == len(export.header) else row for row in export.rows]
        yield replace(export, header=[*export.header, *own], rows=rows)


def single_rows(export: Export) -> Iterator[Export]:
    """Views of one row each: the first three, each below the title that it stands under."""
    group = export.contract.table.group
    title: list[str] = []
    views = 0
    for row in export.rows:
        if group and sum(map(bool, row)) <= 1 + len(group.also):
            title = row
        elif views < 3:
            views += 1
            yield replace(export, rows=[title, row] if title else [row])


def resaved(export: Export, american: bool) -> Export:
    """A file that a spreadsheet of the United States or of Great Britain read and saved again.

    It takes what looks like a date or a number in its country for one, and writes it its own way; other texts stay.
    """
    return replace(export, rows=[[_resaved(cell, american) for cell in row] for row in export.rows])


def _resaved(cell: str, american: bool) -> str:
    text = cell.strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?", text):
        return _shown(datetime.fromisoformat(text), len(text) > 10, american)
    if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})( \d\d:\d\d(:\d\d)?)?", text):
        month, day = (int(found[1]), int(found[2])) if american else (int(found[2]), int(found[1]))
        if month <= 12 and day <= 31:
            time = datetime.fromisoformat(f"2000-01-01{found[4]}") if found[4] else datetime(2000, 1, 1)
            return _shown(datetime(int(found[3]), month, day, time.hour, time.minute), bool(found[4]), american)
    if text.lower() in ("true", "false"):
        return text.upper()
    if re.fullmatch(r"-?\d{1,3}(,\d{3})*\.\d+|-?\d+\.\d+", text) and len(text) < 12:
        return f"{float(text.replace(',', '')):.10g}"
    if re.fullmatch(r"\+?\d{12,}", text):
        return f"{float(text):.5E}".replace("E+0", "E+")
    return cell


def _shown(moment: datetime, has_time: bool, american: bool) -> str:
    if american:
        day = f"{moment.month}/{moment.day}/{moment:%y}"
        return f"{day} {moment.hour}:{moment:%M}" if has_time else day
    return f"{moment:%d/%m/%Y %H:%M}" if has_time else f"{moment:%d/%m/%Y}"


def shuffled(export: Export, by: int) -> Export:
    """Nonsense: every column's values stand under the header of another one."""
    width = len(export.header)
    rows = [[row[(place + by) % width] for place in range(width)] for row in export.rows if len(row) == width]
    return replace(export, rows=rows)
