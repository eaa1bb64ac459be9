"""`keybook report`: packs for those who read rather than look, as files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.shared import HomeCommand, settings_of
from pipelines.settings import Settings

if TYPE_CHECKING:
    import duckdb

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
    from pipelines.reports.weekly.reading import read
    from pipelines.reports.weekly.saying import warnings
    from pipelines.words import languages

    settings = _published(home)
    published = Path(os.path.realpath(settings.published))
    if period:
        published = _published_as_of(_last_day(period), settings)
    spoken = language or settings.language
    with _writing(published, out or settings.home / "reports" / "weekly") as (connection, write):
        pack = read(connection, settings.company_name, _titles(settings), _changed_since(published, settings))
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
    `keybook refresh --as-of` with that day makes it.
    """
    from pipelines.reports.monthly.reading import people, read

    settings = _published(home)
    published = _month(period, settings)
    with _writing(published, out or settings.home / "reports" / "monthly") as (connection, write):
        owners = people(connection)
        wanted, spoken = _wanted(whose, owners, settings)
        for person in wanted:
            write(read(connection, settings.company_name, person), language or spoken or settings.language)


def _changed_since(published: Path, settings: Settings) -> dict[str, Any]:
    """What has changed since the weekly report before was sent, by what is published as of its week's end."""
    from pipelines.delivery.packs import changed_since
    from pipelines.warehouse.publications import Warehouse

    told = {each.version: each.as_of_date for each in Warehouse(settings.warehouse).publications()}
    day = date.fromisoformat(told[published.parent.name])
    return changed_since(published, "{}-W{:02}".format(*day.isocalendar()), settings)


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


def _month(period: str | None, settings: Settings) -> Path:
    """What was published as of the last day of a month, or of the newest of which something was."""
    from pipelines.warehouse.publications import FILE, Warehouse

    if period:
        try:
            first = datetime.strptime(period, "%Y-%m").date()
        except ValueError as error:
            raise click.UsageError(f"--period {period}: write a month such as 2026-10.") from error
        return _published_as_of((first + timedelta(days=31)).replace(day=1) - timedelta(days=1), settings)
    warehouse = Warehouse(settings.warehouse)
    days = {date.fromisoformat(each.as_of_date) for each in warehouse.publications()}
    ends = [day for day in days if (day + timedelta(days=1)).day == 1]
    if not ends:
        last = max(days).replace(day=1) - timedelta(days=1)
        raise click.ClickException(
            f"No kept version is as of a month's last day; run `keybook refresh --as-of {last}`."
        )
    return warehouse.versions / warehouse.as_of(max(ends))[0].version / FILE


def _wanted(whose: str | None, owners: dict[str, str], settings: Settings) -> tuple[list[str], str | None]:
    """Whose packs are made, by their ids, and the language of a recipient."""
    from pipelines.delivery.plan import PlanError, read_plan

    if whose is None:
        return list(owners), None
    try:
        plan = read_plan(settings.home)
    except PlanError as error:
        raise click.ClickException(str(error)) from error
    for recipient in plan.recipients if plan else ():
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
    problem = "is the name of several" if found else "is nobody who owns an account"
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
    raise click.ClickException(f"No kept version is as of {day}; run `keybook refresh --as-of {day}` first.")


def _titles(settings: Settings) -> dict[str, str]:
    from pipelines.exports.contracts.loading import load_contracts

    return {name: contract.title for name, contract in load_contracts(settings.contracts_dir).items()}


REPORT_COMMANDS: list[click.Command] = [report]
