"""Polluted copies of one small table, of the kinds that the Pollock benchmark names and some of our own.

Each file stands in `csv/`, and what a reader should make of it under the same name in `clean/`. The kinds and their
names are Pollock's, so that both sets of files give the same tables; the table, its texts and this code are ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

HEADER = ["Date", "Time", "Pieces", "Article", "Price", "Kind", "Description", "Page", "Remark"]
_KINDS = ["Sawn timber", "Pallets, four-way", "Boat's oar", 'Board 5"', "Lath"]
_TEXTS = [
    "Planed on four sides, dried to 12 percent.", "Heat treated, stamped and stacked, ready for export.",
    "It's made of spruce, and won't warp.", 'Sold by the metre, 45 x 95 mm, "as it is".', "Plain",
]  # fmt: skip


def source_rows(count: int) -> list[list[str]]:
    """A table of so many rows: dates, times, whole numbers, prices, words and texts; its last column is blank."""
    rows = []
    for number, kind, text in zip(range(count), cycle(_KINDS), islice(cycle(_TEXTS), 2, None), strict=False):
        day, minute = 1 + number % 28, 15 * number
        rows.append([
            f"{day:02}/{1 + number // 28 % 12:02}/2024", f"{minute // 60 % 24:02}:{minute % 60:02}", str(number % 7),
            f"TX-{1000 + 37 * number}", f"${10 + number * 1.37:.2f}", kind, f"{text} No {number}.",
            f"https://www.example.com/article/{number}.html", "",
        ])  # fmt: skip
    return rows


@dataclass(frozen=True)
class Written:
    """A table and how it is written: every pollution changes one thing of it."""

    rows: list[list[str]]
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    line_end: str = "\r\n"
    # By row: its own delimiter, and what is put in as it is before a cell (row, column).
    row_delimiters: dict[int, str] | None = None
    loose: dict[tuple[int, int], str] | None = None

    def field(self, text: str) -> str:
        """One cell, in quotes where it must be, and where it is long."""
        if (self.delimiter.strip() or self.delimiter) in text or self.quote in text or len(text) > 25:
            return f"{self.quote}{text.replace(self.quote, self.escape + self.quote)}{self.quote}"
        return text

    def lines(self) -> list[str]:
        """Each row's line, without its end."""
        found = []
        for number, row in enumerate(self.rows):
            mark = (self.row_delimiters or {}).get(number, self.delimiter)
            cells = [(self.loose or {}).get((number, place), "") + self.field(cell) for place, cell in enumerate(row)]
            found.append(mark.join(cells))
        return found

    def text(self) -> str:
        """The whole file."""
        return "".join(line + self.line_end for line in self.lines())


def _clean(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


def polluted(count: int) -> dict[str, tuple[bytes, list[list[str]]]]:
    """Every file by its name: its bytes, and the rows that a reader should find in it."""
    table = [HEADER, *source_rows(count)]
    plain = Written(table)
    found: dict[str, tuple[bytes, list[list[str]]]] = {}

    def add(name: str, text: str | bytes, rows: list[list[str]] | None = None) -> None:
        found[f"{name}.csv"] = text if isinstance(text, bytes) else text.encode(), table if rows is None else rows

    add("source", plain.text())
    _whole_files(add, plain)
    _dialects(add, plain)
    for number, row in enumerate(table):
        add(f"row_field_delimiter_{number}_0x20", replace(plain, row_delimiters={number: " "}).text())
        for place in range(len(row)):
            add(f"row_more_sep_row{number}_col{place}", replace(plain, loose={(number, place): ","}).text())
            if place:
                joined = plain.lines()
                cells = [plain.field(cell) for cell in row]
                joined[number] = ",".join([*cells[: place - 1], cells[place - 1] + cells[place], *cells[place + 1 :]])
                add(f"row_less_sep_row{number}_col{place}", "".join(f"{line}\r\n" for line in joined))
            quoted = [[*other] for other in table]
            quoted[number][place] = f'"{row[place]}'
            add(f"row_extra_quote{number}_col{place}", replace(plain, loose={(number, place): '"'}).text(), quoted)
    return found


Add = Callable[..., None]


def _whole_files(add: Add, plain: Written) -> None:
    table, text, end = plain.rows, plain.text(), plain.line_end
    add("file_no_payload", b"", [])
    add("file_no_trailing_newline", text.removesuffix(end))
    add("file_double_trailing_newline", text + end)
    add("file_no_header", replace(plain, rows=table[1:]).text(), table[1:])
    for depth in (2, 3):
        joined = [" ".join([cell] * depth) for cell in HEADER]
        deeper = replace(plain, rows=[*[HEADER] * (depth - 1), *table])
        add(f"file_header_multirow_{depth}", deeper.text(), [joined, *table[1:]])
    add("file_preamble", f"PREAMBLE{',' * 8}{end}{',' * 8}{end}{text}")
    add("file_preamble_text", f"A report of all articles{end}Printed on 2024-05-01{end}{end}{text}")
    add("file_footnote", f"{text}{end}Printed by the warehouse{end}")
    add("file_header_only", replace(plain, rows=table[:1]).text(), table[:1])
    add("file_one_data_row", replace(plain, rows=table[:2]).text(), table[:2])
    add("file_multitable_same", text + text)
    add("file_multitable_less", text + replace(plain, rows=[row[:8] for row in table]).text())
    wider = [[*row, "col1" if number == 0 else row[-1]] for number, row in enumerate(table)]
    add("file_multitable_more", text + replace(plain, rows=wider).text())


def _dialects(add: Add, plain: Written) -> None:
    for delimiter in (";", "\t", " ", ", ", "|", "||"):
        name = "".join(f"_0x{ord(letter):X}" for letter in delimiter)
        add(f"file_field_delimiter{name}", replace(plain, delimiter=delimiter).text())
    add("file_quotation_char_0x27", replace(plain, quote="'", escape="'").text())
    add("file_escape_char_0x5C", replace(plain, escape="\\").text())
    add("file_escape_char_0x00", replace(plain, escape="").text())
    for name, end in (("0xA", "\n"), ("0xD", "\r")):
        add(f"file_record_delimiter_{name}", replace(plain, line_end=end).text())
    ends = cycle(["\r\n", "\n"])
    add("file_line_ends_mixed", "".join(line + next(ends) for line in plain.lines()))
    words = [[cell.replace("Plain", "Ängsö, Größe, café") for cell in row] for row in plain.rows]
    other = replace(plain, rows=words)
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        add(f"file_encoding_{encoding}", other.text().encode(encoding), words)


def write_files(folder: Path, rows: int) -> int:
    """Writes every polluted file and its clean form; how many there are."""
    for kind in ("csv", "clean"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    files = polluted(rows)
    for name, (content, clean) in files.items():
        (folder / "csv" / name).write_bytes(content)
        (folder / "clean" / name).write_text(_clean(clean), encoding="utf-8", newline="")
    return len(files)
