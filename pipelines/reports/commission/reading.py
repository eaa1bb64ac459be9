"""What the statement of commission holds, out of the reporting tables of one publication."""

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
_SCORECARD = "rpt_team_scorecard"


def people(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Who has a line of commission in the month of the as-of date: id -> name."""
    found = connection.execute(
        "select employee_id, any_value(employee_name) from reporting.rpt_commission "
        "where month = (select date_trunc('month', as_of_date) from reporting.rpt_run) "
        "group by employee_id order by any_value(employee_name), employee_id"
    ).fetchall()
    return dict(found)


def read(connection: duckdb.DuckDBPyConnection, company: str, person: str = "") -> Pack:
    """The statement of the month that ends on the as-of date: of one person's rows, or of everybody's.

    Raises:
        PackError: the day ends no month, or there is nothing of the person.
    """
    tables = OwnWork(connection, SAID["own"], person) if person else Tables(connection)
    month = Reader.of(tables, SAID).values["month"]
    found = tables.rows(
        _SCORECARD, "month = ? and employee_id <> 'unassigned'", "order by employee_id", [month]
    )  # fmt: skip
    if not found:
        raise PackError(
            f"there is nobody {person!r} in the team in {month:%Y-%m}; an id is as the page Team's CSV has it"
        )
    reader = Reader.of(tables, SAID, people=[row["employee_id"] for row in found])
    named = cell(_SCORECARD, found[0], "employee_name", ("employee_id", "month")) if person else None
    return reader.pack("commission", company, of=named, person=person)
