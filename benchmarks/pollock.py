"""How well polluted CSV files are read without a contract, scored as the Pollock benchmark scores.

Pollock (Vitagliano et al., "Pollock: A Data Loading Benchmark", PVLDB 16(8), 2023) pollutes one clean table in some
2,290 ways and asks what each reader makes of every file, as a CSV text of its own. A file gives up to ten points: it
was read at all, and precision, recall and F1 of the header's cells, of the records and of all cells; the score is the
mean. Its own weighted score counts each kind of pollution as often as files of it were found in open data.

`--files` names a folder with the published files (`csv/`, `clean/`), which are not part of this project; without it the
same kinds of pollution are made of a table of our own (`pollution.py`).
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.pollution import write_files
from benchmarks.processes import machine, table
from pipelines.exports.landing.land import ReadingRules
from pipelines.exports.landing.reading import open_table
from pipelines.exports.readers.texts import write_csv

MEASURES = [f"{of} {what}" for of in ("header", "record", "cell") for what in ("precision", "recall", "F1")]
Rows = list[list[str]]
# Of the table that is polluted here.
ROWS = 40


def by_keybook(path: Path) -> Rows:
    """As `keybook read FILE --format csv` gives it; an empty file has no table."""
    if path.stat().st_size == 0:
        return []
    with open_table(path, {}, ReadingRules().limits) as read:
        out = io.StringIO()
        write_csv(read, out)
    return list(csv.reader(io.StringIO(out.getvalue(), newline="")))


def by_duckdb(path: Path) -> Rows:
    """DuckDB finds the dialect and the header itself, with the options of Pollock's own run; every column as text."""
    if path.stat().st_size == 0:
        return []
    with duckdb.connect() as connection:
        lenient = "strict_mode = false, ignore_errors = true, null_padding = true, all_varchar = true"
        result = connection.execute(f"from read_csv(?, {lenient})", [str(path)])
        names = [column[0] for column in result.description or []]
        rows = [[cell or "" for cell in row] for row in result.fetchall()]
    # A file in which it finds no header gets column0, column1 …: those are no cells of the file.
    made = all(re.fullmatch(r"column\d+", name) for name in names)
    return rows if made else [names, *rows]


def by_polars(path: Path) -> Rows:
    """Polars at its most lenient, every column as text; it finds no dialect."""
    if path.stat().st_size == 0:
        return []
    frame = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True, ignore_errors=True)
    return [frame.columns, *([cell or "" for cell in row] for row in frame.iter_rows())]


def by_python(path: Path) -> Rows:
    """Python's csv module in the dialect that its sniffer finds in the whole file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read()
    return list(csv.reader(io.StringIO(text, newline=""), csv.Sniffer().sniff(text))) if text else []


READERS: dict[str, Callable[[Path], Rows]] = {
    "Keybook": by_keybook, "DuckDB": by_duckdb, "Polars": by_polars, "Python csv": by_python
}  # fmt: skip


def _agreement(wanted: Counter[str], found: Counter[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 as Pollock takes them: of the clean file's items, of the read ones, and of both."""
    common = (wanted & found).total()
    if not wanted:
        return 1.0, 1.0, 1.0
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / wanted.total(), common / found.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def points(clean: Rows, found: Rows | None) -> list[float]:
    """The ten points of one file; None is a file that could not be read."""
    if found is None:
        return [0.0] * (1 + len(MEASURES))
    if not clean:
        return [1.0] * (1 + len(MEASURES))
    given = [1.0]
    header = Counter(clean[0]), Counter(found[0] if found else [])
    records = Counter("".join(row) for row in clean[1:]), Counter("".join(row) for row in found[1:])
    cells = Counter(cell for row in clean for cell in row), Counter(cell for row in found for cell in row)
    for wanted, read in (header, records, cells):
        given += _agreement(wanted, read)
    return given


def kind(name: str) -> str:
    """The kind of pollution that a file's name tells: without its row and column."""
    return re.sub(r"(_?row|_col|quote|field_delimiter_)\d+(?=_|\.)", r"\1", name.removesuffix(".csv"))


@dataclass
class Score:
    """One reader's points: of every file, and the message of each that it could not read."""

    points: dict[str, list[float]]
    failed: dict[str, str]

    def mean(self, names: list[str] | None = None) -> float:
        """The score of these files, or of all: at most 10."""
        chosen = names or list(self.points)
        return sum(sum(self.points[name]) for name in chosen) / len(chosen)

    def weighted(self, weights: dict[str, float]) -> float:
        """The score with each file counted by its weight."""
        total = sum(weights.get(name, 0) for name in self.points)
        return sum(sum(given) * weights.get(name, 0) for name, given in self.points.items()) / total


def measure(folder: Path, read: Callable[[Path], Rows]) -> Score:
    """Reads every file of the folder's `csv` and holds it against the one of the same name in `clean`."""
    score = Score({}, {})
    for path in sorted((folder / "csv").iterdir()):
        with (folder / "clean" / path.name).open(encoding="utf-8-sig", newline="") as file:
            clean = list(csv.reader(file))
        found: Rows | None = None
        try:
            found = read(path)
        except Exception as error:
            score.failed[path.name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        score.points[path.name] = points(clean, found)
    return score


def report(folder: Path, weights: Path | None = None) -> str:
    """The table of all readers, and each kind of pollution that costs Keybook more than a hundredth of a point."""
    scores = {name: measure(folder, read) for name, read in READERS.items()}
    files = list(scores["Keybook"].points)
    shares = json.loads(weights.read_text(encoding="utf-8")) if weights else {}
    lines = []
    for name, score in scores.items():
        means = [sum(given[place] for given in score.points.values()) / len(files) for place in (0, 3, 6, 9)]
        lines.append([name, f"{score.mean():.3f}", *([f"{score.weighted(shares):.3f}"] if shares else [])])
        lines[-1] += [f"{mean:.4f}" for mean in means]
    header = ["reader", "score of 10", *(["weighted"] if shares else []), "read", "header F1", "record F1", "cell F1"]
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in files:
        kinds[kind(name)].append(name)
    lost = [
        [found, str(len(names)), *(f"{score.mean(names):.3f}" for score in scores.values())]
        for found, names in sorted(kinds.items())
        if scores["Keybook"].mean(names) < 9.99
    ]
    return (
        f"{len(files):,} files, {len(kinds)} kinds of pollution. {machine()}.\n\n{table(header, lines)}\n\n"
        f"Where Keybook loses:\n\n{table(['kind', 'files', *scores], lost)}\n"
    )


def main(files: Path | None, rows: int = ROWS) -> str:
    """Scores the published files, or ones of so many rows that are made here, each row polluted in every way."""
    if files is not None:
        weights = files.parent / "pollock_weights.json"
        return report(files, weights if weights.exists() else None)
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
        write_files(Path(folder), rows)
        return report(Path(folder))
