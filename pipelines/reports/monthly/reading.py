"""What the monthly pack of an account manager holds, out of the reporting tables of one publication."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files import read_yaml
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.figures import Figure, cell
from pipelines.reports.packs.own_book import OwnBook
from pipelines.reports.packs.sections import Pack, Pair, Section, listed

SAID = read_yaml(Path(__file__).with_name("sections.yml"))
MONTHS_BACK = 11
# Promises are told so far ahead: until the next one who looks has looked.
AHEAD = timedelta(days=14)
_SCORECARD, _NORMS, _COMMISSION = "rpt_team_scorecard", "rpt_team_norms", "rpt_commission"


def people(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Who owns an account as of the publication: id -> name."""
    found = connection.execute(
        "select owner_id, any_value(owner_name) from reporting.rpt_accounts where owner_id is not null "
        "group by owner_id order by any_value(owner_name), owner_id"
    ).fetchall()
    return dict(found)


def read(connection: duckdb.DuckDBPyConnection, company: str, person: str, without: Sequence[str] = ()) -> Pack:
    """The pack of the month that ends on the publication's as-of day.

    Raises:
        PackError: the day ends no month, or there is nothing of the person.
    """
    book = OwnBook(connection, SAID["own"], person, without)
    month = book.as_of.replace(day=1)
    if (book.as_of + timedelta(days=1)).day != 1:
        raise PackError(f"{book.as_of}, of which the publication is, ends no month")
    names = book.rows(_SCORECARD, "month = ?", values=[month])
    if not names:
        raise PackError(
            f"there is nobody {person!r} in the team in {month:%Y-%m}; an id is as the page Team's CSV has it"
        )
    named = cell(_SCORECARD, names[0], "employee_name", ("employee_id", "month"))
    made = {"own_norms": _norms, "commission": _commission, "months": _months}
    sections = [
        made[name](book, person, month) if name in made else _rows(book, name, said)
        for name, said in SAID["sections"].items()
    ]
    return Pack(
        company, str(book.run["base_currency"] or ""), str(book.run["business_timezone"]), book.as_of, month,
        _beside(book, person, month), _missing(book, person, month), {section.name: section for section in sections},
        name="monthly", of=named, person=person,
    )  # fmt: skip


def _beside(book: OwnBook, person: str, month: date) -> dict[str, Pair]:
    now: dict[str, Any] = {"employee_id": person, "month": month}
    before: dict[str, Any] = {"employee_id": person, "month": _earlier(month, 1)}
    return {
        name: Pair(
            name, said["kind"], book.total(_SCORECARD, name, **now), book.total(_SCORECARD, name, **before),
            book.total(_SCORECARD, said["plan"], **now) if "plan" in said else None,
        )
        for name, said in SAID["beside"].items()
    }  # fmt: skip


def _missing(book: OwnBook, person: str, month: date) -> dict[str, Figure]:
    of: dict[str, dict[str, Any]] = {
        "rpt_accounts": {"account_id": book.book}, _SCORECARD: {"employee_id": person, "month": month},
        _COMMISSION: {"employee_id": person, "month": month},
    }  # fmt: skip
    return {
        name: book.total(said["table"], said["column"], "moved", **of[said["table"]])
        for name, said in SAID["missing"].items()
    }


def _rows(book: OwnBook, name: str, said: dict[str, Any]) -> Section:
    """A list of rows as `sections.yml` describes it."""
    days = {"month": book.as_of.replace(day=1), "first": book.as_of.replace(day=1), "last": book.as_of,
            "until": book.as_of + AHEAD}  # fmt: skip
    where = said.get("where", "true")
    found = book.rows(
        said["table"], where, f"order by {said['order']}", {day: at for day, at in days.items() if f"${day}" in where}
    )
    columns = {label: tuple(part) for label, part in said["columns"].items()}
    made = listed(name, said["table"], found, tuple(said["key"]), columns, tuple(said.get("totals", ())))
    told = book.rows("rpt_feed_ends", "feed = ? and complete_until is not null", values=[said.get("feed")])
    return Section(
        name, made.columns, made.rows, made.totals, first=said.get("first", False), detail=said.get("detail", False),
        told=bool(told),
    )  # fmt: skip


def _norms(book: OwnBook, person: str, month: date) -> Section:
    """What was due in the month and what was done; a norm of which the month is not told yet is left out."""
    days = (month, book.as_of)
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


def _commission(book: OwnBook, person: str, month: date) -> Section:
    """The ledgers of the month: all lines, and those of accounts in the book, which are the ones that are listed."""
    found = book.connection.execute(
        f"select distinct ledger from {book.relation(_COMMISSION, 'totals')} where month = ? order by ledger", [month]
    ).fetchall()
    rows = []
    for (ledger,) in found:
        key: dict[str, Any] = {"employee_id": person, "month": month, "ledger": ledger}
        rows.append([
            Figure(ledger, _COMMISSION, "ledger", key, words="commission_ledger"),
            book.total(_COMMISSION, "amount", **key),
            book.total(_COMMISSION, "amount", "moved", **key, account_id=book.book),
        ])  # fmt: skip
    return Section("commission", (("ledger", "text"), ("pay", "pay"), ("pay_in_book", "pay")), rows)


def _months(book: OwnBook, person: str, month: date) -> Section:
    """Revenue and cash of the last twelve months."""
    found = book.rows(_SCORECARD, "month between ? and ?", "order by month", (_earlier(month, MONTHS_BACK), month))
    made = listed("months", _SCORECARD, found, ("employee_id", "month"), {
        "month": ("month", "month"), "revenue": ("revenue", "money"), "collected": ("collected", "money"),
    })  # fmt: skip
    return Section(made.name, made.columns, made.rows, drawn=True)


def _earlier(month: date, months: int) -> date:
    """The first day of the month so many before."""
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
