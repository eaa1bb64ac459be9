"""The lists in `<home>/lists/`: which there are, what a row means, and how one line is added to one or taken out again.

Shared by the command and by the dashboards, which may import it beside settings and formats: a page that says "add this
line to the file" is a page that could do it, and this is all that it needs. It reads no export, opens no warehouse and
knows no Dagster; a line that a page adds counts as any other, from the next refresh on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipelines.exports.entities import entities, seed_rows
from pipelines.files import locked, read_yaml, write_whole

LISTS_FILE = Path(__file__).with_name("lists.yml")
DOMAIN = "lists"
COMMENT = "#"
# The key of a list whose rows have none of their own.
MADE_KEY = "row_id"
_MARK = "\ufeff"


class ListError(Exception):
    """A list cannot be changed; the message names the file and says why."""


@dataclass(frozen=True)
class List:
    """One list: its name (which is its file's), its columns, those that a row must fill, and what a row means.

    `instead_of` names the seed whose rows it changes, `ranges` between what its values lie, by the seed's
    units; of a list without a seed by its columns.
    """

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    row: str
    instead_of: str = ""
    ranges: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    # Whether it is landed as an export; one that is not is read where it lies, by who acts on it.
    lands: bool = True
    examples: tuple[dict[str, str], ...] = ()

    @property
    def defaults(self) -> list[dict[str, str]]:
        """The rows of the seed that the list changes, or rows to begin with."""
        return seed_rows(self.instead_of) if self.instead_of else list(self.examples)

    @property
    def headers(self) -> list[str]:
        """The columns of the template: the list's own, and what the seed says beside them."""
        return list(dict.fromkeys([*self.columns, *(name for row in self.defaults[:1] for name in row)]))


@cache
def lists() -> dict[str, List]:
    """Every list by its name."""
    said = read_yaml(LISTS_FILE)
    found = {}
    for name, entry in said.items():
        columns = entry.pop("columns", None)
        if columns is None:
            entity = entities()[f"{DOMAIN}.{name}"]
            columns = [column.name for column in entity.columns if column.name != MADE_KEY]
        entry |= {"required": tuple(entry["required"]), "row": " ".join(entry["row"].split())}
        entry["examples"] = tuple(
            dict(zip(columns, map(str, example), strict=False)) for example in entry.get("examples", ())
        )
        found[name] = List(name, tuple(columns), **entry)
    return found


@cache
def landed_lists() -> dict[str, List]:
    """Those of them that are landed, by their names."""
    return {name: wanted for name, wanted in lists().items() if wanted.lands}


def write_templates(folder: Path) -> tuple[list[Path], list[Path]]:
    """Writes a template of every list that the folder has no file of; what was written, and what was there."""
    written, there = [], []
    for name in lists():
        found = sorted(folder.glob(f"{name}.*")) if folder.is_dir() else []
        if found:
            there.append(found[0])
            continue
        path = folder / f"{name}.csv"
        with locked(path.parent):
            write_whole(path, _template(lists()[name]))
        written.append(path)
    return written, there


def write_feeds(folder: Path) -> tuple[list[Path], list[Path]]:
    """Writes a template of every kind of export that Keybook reads as it is; what was written, and what was there.

    It has a line of headers: the entity's own columns, optional ones too, and first the system whose ids it uses.
    Filled in and dropped into the landing folder it is read, whatever it is called.
    """
    written, there = [], []
    folder.mkdir(parents=True, exist_ok=True)
    for entity in entities().values():
        if entity.domain == DOMAIN:
            continue
        path = folder / f"{entity.table}.csv"
        if path.exists():
            there.append(path)
            continue
        write_whole(path, ",".join(["system", *(column.name for column in entity.columns)]) + "\n")
        written.append(path)
    return written, there


def _template(wanted: List) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"{COMMENT} {wanted.row}"])
    writer.writerow(wanted.headers)
    for row in wanted.defaults:
        first, *rest = (row.get(name, "") for name in wanted.headers)
        writer.writerow([f"{COMMENT} {first}", *rest])
    return text.getvalue()


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows that a list's text file holds now, column -> text; none where it is missing or cannot be read as text.

    For a page that wants to know what was said already; what counts is what landing makes of the file.
    """
    try:
        return [row for _, row in lines_of(folder, name)]
    except (FileNotFoundError, ListError):
        return []


def lines_of(folder: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that a list's text file holds now, with the line on which it ends: column -> text without blanks around.

    What stands above the header, blank lines and comments are no rows.

    Raises:
        FileNotFoundError: there is no such file.
        ListError: it cannot be read as text, or has no header with what a row needs.
    """
    path = folder / f"{name}.csv"
    text = _read(path)
    header, delimiter = _header(path, text, lists()[name])
    names = [cell.strip().casefold() for cell in header]
    reader = csv.reader(io.StringIO(text.removeprefix(_MARK), newline=""), delimiter=delimiter)
    is_below = False
    for row in reader:
        cells = [cell.strip() for cell in row]
        if is_below and any(cells) and not cells[0].startswith(COMMENT):
            yield reader.line_num, dict(zip(names, cells, strict=False))
        is_below = is_below or row == header


def add_line(folder: Path, name: str, values: dict[str, str], same: tuple[str, ...] = ()) -> str | None:
    """Adds a row to a list, with its file if need be; the line as it was written, for `remove_line`.

    A file that a person made keeps its own delimiter, its columns in their order, and its line ends. `same` names the
    columns by which a row is there already: then nothing is written, and None returned.

    Raises:
        ListError: the list is no file of text that a line can be added to (a workbook, an unknown header or encoding).
    """
    wanted = lists()[name]
    path = folder / f"{name}.csv"
    others = sorted(other.name for other in folder.glob(f"{name}.*") if other != path) if folder.is_dir() else []
    if others:
        raise ListError(f"{folder / others[0]} is no CSV file: add the row there, or save it as {path.name}")
    with locked(path.parent):
        wished = [values.get(column, "") for column in same]
        if same and any([row.get(column, "").strip() for column in same] == wished for row in rows_of(folder, name)):
            return None
        text = _read(path) if path.exists() else _template(wanted)
        header, delimiter = _header(path, text, wanted)
        end = "\r\n" if "\r\n" in text else "\n"
        row = io.StringIO()
        cells = [values.get(column.strip().casefold(), "") for column in header]
        csv.writer(row, delimiter=delimiter, lineterminator="").writerow(cells)
        line = row.getvalue()
        write_whole(path, f"{text}{'' if text.endswith(end) else end}{line}{end}")
    return line


def remove_line(folder: Path, name: str, line: str) -> bool:
    """Takes the last such line out of a list again; whether it was there.

    Raises:
        ListError: the file cannot be read as text.
    """
    path = folder / f"{name}.csv"
    if not path.exists():
        return False
    with locked(path.parent):
        kept = _read(path).splitlines(keepends=True)
        for place in reversed(range(len(kept))):
            if kept[place].rstrip("\r\n") == line:
                del kept[place]
                write_whole(path, "".join(kept))
                return True
    return False


def line_of(path: Path, number: int) -> str | None:
    """A line of a list's file as it stands there, without its end; None when there is none of that number.

    Raises:
        ListError: the file cannot be read as text.
    """
    lines = _read(path).splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else None


def replace_line(path: Path, number: int, before: str, line: str) -> bool:
    """Writes a line of a list anew; False, and nothing written, when another stands there by now.

    Raises:
        ListError: the file cannot be read as text, or the new text is more than a line.
    """
    if len(line.splitlines()) != 1:
        raise ListError(f"{path.name}: a line is one line of text")
    with locked(path.parent):
        kept = _read(path).splitlines(keepends=True)
        if not 0 < number <= len(kept) or kept[number - 1].rstrip("\r\n") != before:
            return False
        kept[number - 1] = line + kept[number - 1][len(before) :]
        write_whole(path, "".join(kept))
    return True


def _header(path: Path, text: str, wanted: List) -> tuple[list[str], str]:
    """The file's own header and delimiter: the first line that names all that a row needs."""
    for line in text.removeprefix(_MARK).splitlines():
        for delimiter in (",", ";", "\t"):
            cells = next(csv.reader([line], delimiter=delimiter), [])
            if set(wanted.required) <= {cell.strip().casefold() for cell in cells}:
                return cells, delimiter
    raise ListError(f"{path} has no header with {', '.join(wanted.required)}; `keybook lists` writes a template")


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise ListError(f"{path} is not in UTF-8: save it as such, or add the line there by hand") from error
