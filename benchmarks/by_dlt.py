"""`python benchmarks/by_dlt.py PIPELINES FILE…`: loads files into DuckDB with dlt, for an interpreter that has dlt.

dlt brings some forty packages that nothing else here needs, so it is not among this project's dependencies: the
benchmark runs this file with an interpreter that has dlt[duckdb] and pyarrow (`python -m benchmarks land --dlt
PYTHON`). Prints rows and seconds.
"""

# mypy: ignore-errors
from __future__ import annotations

import sys
import time
from pathlib import Path


def main(folder: str, files: list[str]) -> None:
    """Loads all files as one resource; what starting the interpreter and importing takes is not counted."""
    import dlt
    from dlt.sources.filesystem import filesystem, read_csv_duckdb, read_jsonl, read_parquet

    kind = Path(files[0]).name.split(".", 1)[1].removesuffix(".gz")
    reader = {"csv": read_csv_duckdb, "tsv": read_csv_duckdb, "jsonl": read_jsonl, "parquet": read_parquet}[kind]
    name = "*" if len(files) > 1 else Path(files[0]).name
    names = f"small*.{Path(files[0]).name.split('.', 1)[1]}" if name == "*" else name
    options = {"use_pyarrow": True} if reader is read_csv_duckdb else {}
    started = time.perf_counter()
    listed = filesystem(bucket_url=Path(files[0]).parent.as_uri(), file_glob=names)
    destination = dlt.destinations.duckdb(str(Path(folder) / "dlt.duckdb"))
    pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=destination, dataset_name="calls")
    pipeline.run((listed | reader(**options)).with_name("calls"))
    taken = time.perf_counter() - started
    rows = pipeline.last_trace.last_normalize_info.row_counts["calls"]
    print(rows, taken)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
