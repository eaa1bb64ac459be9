"""What the quarterly pack holds, out of the reporting tables of one publication."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.files import read_yaml
from pipelines.reports.packs.declared import Reader
from pipelines.reports.packs.figures import Tables
from pipelines.reports.packs.sections import Pack

SAID = read_yaml(Path(__file__).with_name("sections.yml"))


def read(connection: duckdb.DuckDBPyConnection, company: str) -> Pack:
    """The pack of the quarter that ends on the publication's as-of day, of the whole company.

    Raises:
        PackError: the day ends no quarter.
    """
    return Reader.of(Tables(connection), SAID).pack("quarterly", company)
