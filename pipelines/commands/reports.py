"""`keybook report`: packs for those who read rather than look, as files."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import click

from pipelines.commands.shared import HomeCommand, settings_of
from pipelines.settings import Settings


@click.group()
def report() -> None:
    """Report packs: what a board reads, out of the published warehouse."""


@report.command(cls=HomeCommand)
@click.option("--period", help="A week such as 2026-W44, or its last day, 2026-10-31; what is published if not given.")
@click.option("--language", type=click.Choice(["en", "ru", "sv"]), help="The setting `language` if not given.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/weekly if not given.")
def weekly(home: Path | None, period: str | None, language: str | None, out: Path | None) -> None:
    """Write the weekly pack of what is published, as PDF, workbook, JSON and mail, and print where.

    The week is the seven days up to the publication's as-of date; `keybook refresh --as-of` publishes an earlier one.
    With `--period` it is taken from the kept version that was published as of its last day.
    """
    import duckdb

    from pipelines.bounds import connect
    from pipelines.reports.weekly.checking import PackError
    from pipelines.reports.weekly.composing import warnings
    from pipelines.reports.weekly.making import make
    from pipelines.reports.weekly.reading import read
    from pipelines.words import languages

    settings = settings_of(home=home)
    if not settings.published.exists():
        raise click.ClickException("Nothing is published yet; run `keybook refresh` first.")
    folder = out or settings.home / "reports" / "weekly"
    spoken = language or settings.language
    published = Path(os.path.realpath(settings.published))
    if period:
        published = _published_as_of(_last_day(period), settings)
    try:
        with connect(str(published), read_only=True) as connection:
            pack = read(connection, settings.company_name, _titles(settings))
            files = make(pack, spoken, published.parent.name)
        folder.mkdir(parents=True, exist_ok=True)
        for name, made in files.items():
            (folder / name).write_bytes(made)
            click.echo(str(folder / name))
        for warning in warnings(pack, languages()[spoken]):
            click.echo(warning, err=True)
    except PackError as error:
        raise click.ClickException(f"The pack was not written: {error}.") from error
    except duckdb.CatalogException as error:
        raise click.ClickException(
            f"The published warehouse was built by another version of Keybook; run `keybook refresh`. ({error})"
        ) from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: {error.strerror or error}") from error


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
