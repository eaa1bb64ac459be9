"""What the half-year appraisal holds, out of the reporting tables of one publication, or of a snapshot of it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.files import read_yaml
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.declared import Reader
from pipelines.reports.packs.figures import Tables, cell
from pipelines.reports.packs.own_book import OwnWork
from pipelines.reports.packs.sections import Pack

SAID = read_yaml(Path(__file__).with_name("sections.yml"))
# What a snapshot of it holds.
TABLES = ("rpt_run", *SAID["own"])
_SCORECARD = "rpt_team_scorecard"


def read(connection: duckdb.DuckDBPyConnection, company: str, person: str = "") -> Pack:
    """The pack of the half-year that ends on the as-of day: of one person's rows, or of everybody's.

    Raises:
        PackError: the day ends no half-year, or there is nothing of the person.
    """
    tables = OwnWork(connection, SAID["own"], person) if person else Tables(connection)
    days = Reader.of(tables, SAID).values
    found = tables.rows(
        _SCORECARD, "month between ? and ? and employee_id <> 'unassigned'", "order by month desc, employee_id",
        [days["first"], days["last"]],
    )  # fmt: skip
    if not found:
        raise PackError(
            f"there is nobody {person!r} in the team in the half-year; an id is as the page Team's CSV has it"
        )
    reader = Reader.of(tables, SAID, people=sorted({row["employee_id"] for row in found}))
    named = cell(_SCORECARD, found[0], "employee_name", ("employee_id", "month")) if person else None
    return reader.pack("appraisal", company, of=named, person=person)


def is_told(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the feeds tell all of the last month."""
    tables = Tables(connection)
    rows = tables.rows(_SCORECARD, "month = ?", values=[tables.as_of.replace(day=1)])
    return bool(rows) and all(row["is_complete"] for row in rows)
