"""`keybook report`: packs for those who read rather than look, as files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from pipelines.commands.shared import HomeCommand, Text, settings_of
from pipelines.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from pipelines.delivery.periods import Unit
    from pipelines.delivery.plan import Recipient
    from pipelines.reports.packs.sections import Pack


@click.group()
def report() -> None:
    """Report packs: what a board reads, out of the published warehouse."""


LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "ru", "sv"]), help="The setting `language` if not given."
)


@report.command(cls=HomeCommand)
@click.option("--period", help="A week such as 2026-W44, or its last day, 2026-10-31; what is published if not given.")
@LANGUAGE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/weekly if not given.")
def weekly(home: Path | None, period: str | None, language: str | None, out: Path | None) -> None:
    """Write the weekly pack of what is published, as PDF, workbook, JSON and mail, and print where.

    The week is the seven days up to the publication's as-of date; `keybook refresh --as-of` publishes an earlier one.
    With `--period` it is taken from the kept version that was published as of its last day.
    """
    from pipelines.delivery.packs import titles
    from pipelines.reports.weekly.reading import read
    from pipelines.reports.weekly.saying import warnings
    from pipelines.words import languages

    settings = _published(home)
    published = Path(os.path.realpath(settings.published))
    if period:
        published = _published_as_of(_last_day(period), settings)
    spoken = language or settings.language
    with _writing(published, out or settings.home / "reports" / "weekly") as (connection, write):
        pack = read(connection, settings.company_name, titles(settings), _changed_since("weekly", published, settings))
        write(pack, spoken)
        for warning in warnings(pack, languages()[spoken]):
            click.echo(warning, err=True)


@report.command(cls=HomeCommand)
@click.option("--period", help="A month such as 2026-10; the newest that is published as of its last day if not given.")
@click.option("--for", "whose", help="A recipient of delivery.yml, an employee's id or name; everybody if not given.")
@LANGUAGE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/monthly if not given.")
def monthly(home: Path | None, period: str | None, whose: str | None, language: str | None, out: Path | None) -> None:
    """Write the monthly pack of each account manager: the own book, norms, commission and whom to call.

    It holds no row of an account that is another's. The month is one that was published as of its last day;
    `keybook refresh --beside --as-of` with that day makes it.
    """
    from pipelines.reports.monthly.reading import people, read

    settings = _published(home)
    published = _ended(period, "month", settings)
    with _writing(published, out or settings.home / "reports" / "monthly") as (connection, write):
        owners = people(connection)
        wanted, spoken = _wanted(whose, owners, settings)
        for person in wanted:
            changed = partial(_changed_since, "monthly", published, settings)
            pack = read(connection, settings.company_name, person, restated=changed)
            write(pack, language or spoken or settings.language)


@report.command(cls=HomeCommand)
@click.option("--period", help="A quarter such as 2026-Q3; the newest that was published as of its end if not given.")
@LANGUAGE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/quarterly if not given.")
def quarterly(home: Path | None, period: str | None, language: str | None, out: Path | None) -> None:
    """Write the quarterly pack: sales results, the year ahead, how accounts stand, and the review of key accounts.

    The quarter is one that was published as of its last day; `keybook refresh --beside --as-of` with that day makes it.
    """
    from pipelines.reports.quarterly.reading import read

    settings = _published(home)
    with _writing(_ended(period, "quarter", settings), out or settings.home / "reports" / "quarterly") as (
        connection,
        write,
    ):
        write(read(connection, settings.company_name), language or settings.language)


@report.command(cls=HomeCommand)
@click.option("--account", required=True, type=Text(), help="An account's id or name.")
@click.option("--period", help="A month such as 2026-10; the newest that was published as of its end if not given.")
@click.option(
    "--language", type=click.Choice(["en", "ru", "sv"]),
    help="That of the recipient of delivery.yml who has the account, else the setting `language`, if not given.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/client if not given.")
def client(home: Path | None, account: str, period: str | None, language: str | None, out: Path | None) -> None:
    """Write the report to one client: how the account stands, its statement, and budget against actual.

    It holds the client's own rows, and of them nothing that is internal. The month is one that was published as of its
    last day; `keybook refresh --beside --as-of` with that day makes it.
    """
    from pipelines.reports.client.reading import accounts, read

    settings = _published(home)
    with _writing(_ended(period, "month", settings), out or settings.home / "reports" / "client") as (
        connection,
        write,
    ):
        found = accounts(connection, account)
        if len(found) != 1:
            told = f"several accounts are called so; ask by id: {', '.join(found)}" if found else "there is none"
            raise click.UsageError(f"--account {account}: {told}.")
        [wanted] = found
        pack = read(connection, settings.company_name, wanted)
        write(pack, language or _language_of(wanted, settings) or settings.language)


@report.command(cls=HomeCommand)
@click.option("--period", help="A half-year such as 2026-H1; the newest that was published as of its end if not given.")
@click.option("--for", "whose", help="An employee's id, or a recipient of delivery.yml; everybody if not given.")
@click.option("--as-it-is", is_flag=True, help="Also where a feed does not tell all of the half-year.")
@LANGUAGE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/appraisal if not given.")
def appraisal(
    home: Path | None, period: str | None, whose: str | None, as_it_is: bool, language: str | None, out: Path | None
) -> None:
    """Write the half-year appraisal: turnover growth, the plan, timely client cards and the quota.

    What it is made of is kept in `deliveries/appraisal/` of the home when it is first made: from then on it is the
    same, whatever is landed or published later.
    """
    from pipelines.delivery.snapshots import SnapshotDamaged
    from pipelines.reports.appraisal.reading import read

    settings = _published(home)
    try:
        published = _kept_appraisal(period, as_it_is, settings)
    except SnapshotDamaged as error:
        raise click.ClickException(f"{error}.") from error
    recipient = next((each for each in _recipients(settings) if each.id == whose), None)
    if recipient is not None and recipient.scope.kind not in ("all", "own book"):
        raise click.UsageError(f"--for {whose}: the recipient has the scope {recipient.scope}.")
    person = recipient.scope.of if recipient else whose or ""
    spoken = language or (recipient.language if recipient else settings.language)
    with _writing(published, out or settings.home / "reports" / "appraisal") as (connection, write):
        write(read(connection, settings.company_name, person), spoken)


@report.command(cls=HomeCommand)
@click.option("--period", help="A month such as 2026-10; the newest that is published as of its last day if not given.")
@click.option("--for", "whose", help="A recipient of delivery.yml, an employee's id or name; everybody if not given.")
@LANGUAGE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/commission if not given.")
def commission(
    home: Path | None, period: str | None, whose: str | None, language: str | None, out: Path | None
) -> None:
    """Write each person's statement of commission: accrued, payable and clawed back, line by line.

    A recipient who sees everybody's figures gets one statement of all. The month is one that was published as of its
    last day; `keybook refresh --as-of` with that day makes it.
    """
    from pipelines.reports.commission.reading import people, read

    settings = _published(home)
    chief = next(
        (each for each in _recipients(settings) if each.id == whose and each.scope.kind == "all"), None
    )  # fmt: skip
    with _writing(_ended(period, "month", settings), out or settings.home / "reports" / "commission") as (
        connection,
        write,
    ):
        wanted, spoken = ([""], chief.language) if chief else _wanted(whose, people(connection), settings)
        if not wanted:
            click.echo("Nobody has a line of commission in the month.", err=True)
        for person in wanted:
            write(read(connection, settings.company_name, person), language or spoken or settings.language)


def _kept_appraisal(period: str | None, as_it_is: bool, settings: Settings) -> Path:
    """What was kept of a half-year's appraisal; where nothing was, that of its publication is, now."""
    from pipelines.bounds import connect
    from pipelines.delivery import snapshots
    from pipelines.delivery.ledger import FOLDER, Ledger
    from pipelines.delivery.packs import MAKERS
    from pipelines.delivery.periods import key
    from pipelines.reports.appraisal.reading import is_told
    from pipelines.warehouse.publications import Warehouse

    ledger = Ledger(settings.home / FOLDER)

    def folder(last: date) -> Path:
        return ledger.period("appraisal", key("half-year", last))

    if period and (kept := snapshots.taken(folder(_end(period, "half-year")))):
        return kept[1]
    published = _ended(period, "half-year", settings)
    version = published.parent.name
    made_of = next(each for each in Warehouse(settings.warehouse).publications() if each.version == version)
    last = date.fromisoformat(made_of.as_of_date)
    if not made_of.is_begun_after(last, ZoneInfo(settings.business_timezone)):
        raise click.ClickException(
            f"{last} was not over when {version} was begun; run `keybook refresh --beside --as-of {last}`."
        )
    with connect(str(published), read_only=True) as connection:
        if not (as_it_is or snapshots.taken(folder(last)) or is_told(connection)):
            raise click.ClickException(
                f"Not every feed tells all of the half-year up to {last}, and an appraisal stays as it is first made; "
                "drop the exports that are missing, or ask for it --as-it-is."
            )
    with ledger.writing():
        return snapshots.take(folder(last), made_of, published, MAKERS["appraisal"].keeps)


def _language_of(account: str, settings: Settings) -> str | None:
    """The language of the recipient who has an account."""
    from pipelines.delivery.packs import Scope

    return next((each.language for each in _recipients(settings) if each.scope == Scope("account", account)), None)


def _recipients(settings: Settings) -> list[Recipient]:
    """Those of delivery.yml."""
    from pipelines.delivery.plan import PlanError, read_plan

    try:
        plan = read_plan(settings.home)
    except PlanError as error:
        raise click.ClickException(str(error)) from error
    return plan.recipients if plan else []


def _changed_since(
    report: str, published: Path, settings: Settings, accounts: Sequence[str] | None = None
) -> dict[str, Any]:
    """What has changed since the report before was sent, by what is published as of its period's end."""
    from pipelines.delivery.packs import MAKERS, changed_since
    from pipelines.delivery.periods import key
    from pipelines.warehouse.publications import Warehouse

    told = {each.version: each.as_of_date for each in Warehouse(settings.warehouse).publications()}
    day = date.fromisoformat(told[published.parent.name])
    return changed_since(report, published, key(MAKERS[report].unit, day), settings, accounts)


def _published(home: Path | None) -> Settings:
    settings = settings_of(home=home)
    if not settings.published.exists():
        raise click.ClickException("Nothing is published yet; run `keybook refresh` first.")
    return settings


@contextmanager
def _writing(published: Path, folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[Pack, str], None]]]:
    """A publication, and what writes a pack's files into a folder and prints where; whatever fails is said."""
    import duckdb

    from pipelines.bounds import connect
    from pipelines.reports.packs.checking import PackError
    from pipelines.reports.packs.making import make

    def write(pack: Pack, language: str) -> None:
        files = make(pack, language, published.parent.name)
        folder.mkdir(parents=True, exist_ok=True)
        for name, made in files.items():
            (folder / name).write_bytes(made)
            click.echo(str(folder / name))

    try:
        with connect(str(published), read_only=True) as connection:
            yield connection, write
    except PackError as error:
        raise click.ClickException(f"The pack was not written: {error}.") from error
    except duckdb.CatalogException as error:
        raise click.ClickException(
            f"The published warehouse was built by another version of Keybook; run `keybook refresh`. ({error})"
        ) from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: {error.strerror or error}") from error


def _ended(period: str | None, unit: Unit, settings: Settings) -> Path:
    """What was published as of the last day of a period, or of the newest such period of which something was."""
    from pipelines.delivery.periods import last_day, last_over
    from pipelines.warehouse.publications import FILE, Warehouse

    if period:
        return _published_as_of(_end(period, unit), settings)
    warehouse = Warehouse(settings.warehouse)
    days = {date.fromisoformat(each.as_of_date) for each in warehouse.publications()}
    ends = [day for day in days if last_day(unit, day) == day]
    if not ends:
        last = last_over(unit, max(days))
        raise click.ClickException(
            f"No kept version is as of a {unit}'s last day; run `keybook refresh --beside --as-of {last}`."
        )
    return warehouse.versions / warehouse.as_of(max(ends))[0].version / FILE


# How a person writes a period, and that with what may stand for the hyphen.
WRITTEN: dict[Unit, tuple[str, str]] = {
    "month": ("2026-10", r"(\d{4})-(\d\d)"),
    "quarter": ("2026-Q3", r"(\d{4})-?Q(\d)"),
    "half-year": ("2026-H1", r"(\d{4})-?H(\d)"),
}


def _end(period: str, unit: Unit) -> date:
    """The last day of a month, quarter or half-year that a person wrote."""
    from pipelines.delivery.periods import MONTHS, last_day

    example, shape = WRITTEN[unit]
    written = re.fullmatch(shape, period.upper())
    if not written or not 1 <= int(written[2]) <= 12 // MONTHS[unit]:
        raise click.UsageError(f"--period {period}: write a {unit} such as {example}.")
    return last_day(unit, date(int(written[1]), int(written[2]) * MONTHS[unit], 1))


def _wanted(whose: str | None, owners: dict[str, str], settings: Settings) -> tuple[list[str], str | None]:
    """Whose packs are made, by their ids, and the language of a recipient."""
    if whose is None:
        return list(owners), None
    for recipient in _recipients(settings):
        if recipient.id == whose:
            if recipient.scope.kind != "own book":
                raise click.UsageError(
                    f"--for {whose}: the recipient has no own book, but the scope {recipient.scope}."
                )
            return [recipient.scope.of], recipient.language
    # Who owns nothing may have worked all the same: the pack says what there is of an id.
    found = [employee for employee, name in owners.items() if whose in (employee, name)] or [whose] * (":" in whose)
    if len(found) == 1:
        return found, None
    told = "; ".join(f"{employee} {name}" for employee, name in owners.items())
    problem = "is the name of several" if found else "is nobody of whom there is one"
    raise click.UsageError(f"--for {whose}: {problem}; there are {told}.")


def _last_day(period: str) -> date:
    """The last day of a week that is given by its number, or by that day."""
    week = re.fullmatch(r"(\d{4})-W(\d{2})", period)
    try:
        return date.fromisocalendar(int(week[1]), int(week[2]), 7) if week else date.fromisoformat(period)
    except ValueError as error:
        raise click.UsageError(
            f"--period {period}: write a week such as 2026-W44 or a day such as 2026-10-31."
        ) from error


def _published_as_of(day: date, settings: Settings) -> Path:
    """What is published if it is as of the day, else the newest kept version that is."""
    from pipelines.warehouse.publications import FILE, Warehouse

    warehouse = Warehouse(settings.warehouse)
    for version in warehouse.as_of(day):
        return warehouse.versions / version.version / FILE
    raise click.ClickException(f"No kept version is as of {day}; run `keybook refresh --beside --as-of {day}` first.")


REPORT_COMMANDS: list[click.Command] = [report]
