"""What the monthly pack of an account manager holds, out of the reporting tables of one publication."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files import read_yaml
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.declared import Reader
from pipelines.reports.packs.figures import Figure, cell
from pipelines.reports.packs.own_book import OwnBook
from pipelines.reports.packs.restating import sections as restated_sections
from pipelines.reports.packs.sections import Pack, Section

SAID = read_yaml(Path(__file__).with_name("sections.yml"))
_SCORECARD, _NORMS = "rpt_team_scorecard", "rpt_team_norms"


def people(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Who owns an account as of the publication: id -> name."""
    found = connection.execute(
        "select owner_id, any_value(owner_name) from reporting.rpt_accounts where owner_id is not null "
        "group by owner_id order by any_value(owner_name), owner_id"
    ).fetchall()
    return dict(found)


def read(
    connection: duckdb.DuckDBPyConnection,
    company: str,
    person: str,
    without: Sequence[str] = (),
    restated: Callable[[Sequence[str]], Mapping[str, Any]] | None = None,
) -> Pack:
    """The pack of the month that ends on the publication's as-of day.

    `restated` says what changed of some accounts since the month before was sent.

    Raises:
        PackError: the day ends no month, or there is nothing of the person.
    """
    book = OwnBook(connection, SAID["own"], person, without)
    reader = Reader.of(book, SAID, person=person, book=book.book)
    month = reader.values["month"]
    names = book.rows(_SCORECARD, "month = ?", values=[month])
    if not names:
        raise PackError(
            f"there is nobody {person!r} in the team in {month:%Y-%m}; an id is as the page Team's CSV has it"
        )
    named = cell(_SCORECARD, names[0], "employee_name", ("employee_id", "month"))
    pack = reader.pack("monthly", company, {"own_norms": _norms}, of=named, person=person)
    changed = restated_sections(restated(book.book) if restated else None, "month")
    return replace(pack, sections={**pack.sections, **{section.name: section for section in changed}})


def _norms(reader: Reader) -> Section:
    """What was due in the month and what was done; a norm of which the month is not told yet is left out."""
    book, person = reader.tables, reader.values["person"]
    days = (reader.values["first"], reader.values["last"])
    found = book.rows(
        _NORMS,
        "day between ? and ?",
        "qualify row_number() over (partition by norm order by day) = 1 "
        "and sum(target) over (partition by norm) > 0 and bool_and(is_complete) over (partition by norm) "
        "order by period, norm",
        days,
    )
    rows = []
    for row in found:
        key: dict[str, Any] = {"employee_id": person, "norm": row["norm"], "day": days}
        rows.append([
            Figure(row["norm"], _NORMS, "norm", {"employee_id": person, "norm": row["norm"]}, words="norm"),
            Figure(row["period"], _NORMS, "period", {"employee_id": person, "norm": row["norm"]}, words="norm_period"),
            book.total(_NORMS, "target", **key), book.total(_NORMS, "actual", **key),
            book.total(_NORMS, "actual", "share", "target", **key),
        ])  # fmt: skip
    return Section("own_norms", (
        ("norm", "text"), ("per", "text"), ("due_of_norm", "count"), ("done", "count"), ("done_share", "ratio"),
    ), rows)  # fmt: skip
