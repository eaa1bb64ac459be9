"""Writes frames as the files that `formats.yml` describes: the same bytes wherever and whenever it runs."""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.exports.entities import entities
from pipelines.files import read_yaml

FORMATS_FILE = Path(__file__).with_name("formats.yml")
BYTE_ORDER_MARK = "\ufeff".encode()


@cache
def formats() -> dict[str, Any]:
    """What `formats.yml` says."""
    said: dict[str, Any] = read_yaml(FORMATS_FILE)
    return said


def _renamed(frame: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """The frame's columns under the file's headers; `=text` is a fixed value, `=` a blank one."""
    chosen = [
        pl.lit(source[1:] or None, dtype=pl.String).alias(header)
        if source.startswith("=")
        else pl.col(source).alias(header)
        for header, source in columns.items()
    ]
    return frame.select(chosen)


def stored_gzip(content: bytes) -> bytes:
    """Content in a gzip file without compression: compressors differ between builds of zlib, stored blocks do not."""
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    step = 65_535
    starts = range(0, max(len(content), 1), step)
    for start in starts:
        block = content[start : start + step]
        is_last = start + step >= len(content)
        parts += [struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF))
    return b"".join(parts)


def _write(path: Path, frame: pl.DataFrame, spec: dict[str, Any]) -> None:
    with path.open("wb") as file:
        if spec.get("mark"):
            file.write(BYTE_ORDER_MARK)
        frame.write_csv(
            file,
            quote_style=spec.get("quote", "necessary"),
            float_precision=2,
            date_format="%Y-%m-%d",
            datetime_format=spec.get("times", "%Y-%m-%dT%H:%M:%SZ"),
            line_terminator="\n",
        )


def write_vendor_file(out: Path, spec: dict[str, Any], frame: pl.DataFrame) -> dict[str, int]:
    """One export, in as many files as there are years where the format asks; the rows by file name."""
    faults = formats()["faults"]
    written: dict[str, int] = {}
    parts = {spec["file"]: frame}
    if "year_of" in spec:
        years = frame[spec["year_of"]].dt.year()
        parts = {
            spec["file"].format(year=year): frame.filter(years == year) for year in years.unique(maintain_order=True)
        }
    for place, (name, part) in enumerate(parts.items()):
        path = out / name
        renamed = _renamed(part, spec["columns"])
        _write(path, renamed, spec)
        rows = [row["like_last"] for row in faults["rows"] if row["file"] == spec["file"]]
        rows += [{}] if spec["file"] in faults["repeats"] and place == len(parts) - 1 else []
        if rows:
            _append(path, rows, quoted=spec.get("quote") == "always")
        if spec.get("packed") == "gzip":
            path.with_name(name + ".gz").write_bytes(stored_gzip(path.read_bytes()))
            path.unlink()
            name += ".gz"
        written[name] = part.height + len(rows)
    return written


def _append(path: Path, changes: list[dict[str, str]], quoted: bool) -> None:
    """Adds rows that are like the file's last one but for some columns."""
    with path.open("rb") as file:
        header = file.readline().removeprefix(BYTE_ORDER_MARK).decode()
        size = path.stat().st_size
        file.seek(max(0, size - 65_536))
        last = file.read().decode(errors="replace").rstrip("\n").rsplit("\n", 1)[-1]
    names, values = next(csv.reader([header])), next(csv.reader([last]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    for change in changes:
        writer.writerow((dict(zip(names, values, strict=True)) | change).values())
    with path.open("ab") as file:
        file.write(text.getvalue().encode())


def write_list(out: Path, spec: dict[str, Any], frame: pl.DataFrame) -> dict[str, int]:
    """One list of an interface, as JSON; a dot in a column's name leads into an object within the row."""
    rows = []
    for flat in _renamed(frame, spec["columns"]).to_dicts():
        row: dict[str, Any] = {}
        for name, value in flat.items():
            *path, last = name.split(".")
            place = row
            for step in path:
                place = place.setdefault(step, {})
            place[last] = value
        rows.append(row)
    (out / spec["file"]).write_text(json.dumps({"object": "list", "data": rows, "has_more": False}), encoding="utf-8")
    return {spec["file"]: len(rows)}


def write_report(out: Path, spec: dict[str, Any], frame: pl.DataFrame) -> dict[str, int]:
    """A report as a bookkeeping program prints it: a title above the header, a row of totals below, its time last."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    named = _renamed(frame.with_columns(pl.selectors.date().dt.strftime(spec["dates"])), spec["columns"])
    for line in spec["title"]:
        rows.writerow([line])
    text.write("\n")
    rows.writerow(named.columns)
    rows.writerows(named.fill_null("").iter_rows())
    rows.writerow(["TOTAL", *[None] * (named.width - 1)])
    text.write("\n")
    rows.writerow([spec["printed"]])
    (out / spec["file"]).write_text(text.getvalue(), encoding="utf-8")
    return {spec["file"]: named.height}


def write_template(out: Path, spec: dict[str, Any], frame: pl.DataFrame) -> dict[str, int]:
    """One of Keybook's own templates: the entity's columns under their own names, before them whose ids they use."""
    entity = entities()[spec["entity"]]
    columns = {column.name: column.name if column.name in frame.columns else "=" for column in entity.columns}
    if "system" in spec:
        columns = {"system": "=" + formats()["systems"][spec["system"]], **columns}
    name = f"{entity.table}.csv"
    _write(out / name, _renamed(frame, columns), {})
    return {name: frame.height}
