"""`keybook report`: packs for those who read rather than look, as files."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipelines.commands.shared import HomeCommand, settings_of


@click.group()
def report() -> None:
    """Report packs: what a board reads, out of the published warehouse."""


@report.command(cls=HomeCommand)
@click.option("--language", type=click.Choice(["en", "ru", "sv"]), help="The setting `language` if not given.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/weekly if not given.")
def weekly(home: Path | None, language: str | None, out: Path | None) -> None:
    """Write the weekly pack of what is published, as PDF, workbook and JSON, and print where.

    The week is the seven days up to the publication's as-of date; `keybook refresh --as-of` publishes an earlier one.
    """
    import duckdb

    from pipelines.bounds import connect
    from pipelines.reports.weekly.composing import warnings
    from pipelines.reports.weekly.making import make
    from pipelines.reports.weekly.reading import read
    from pipelines.words import languages

    settings = settings_of(home=home)
    if not settings.published.exists():
        raise click.ClickException("Nothing is published yet; run `keybook refresh` first.")
    folder = out or settings.home / "reports" / "weekly"
    published = os.path.realpath(settings.published)
    try:
        with connect(published, read_only=True) as connection:
            pack = read(connection, settings.company_name)
            spoken = language or settings.language
            files = make(pack, spoken, Path(published).parent.name)
        folder.mkdir(parents=True, exist_ok=True)
        for name, made in files.items():
            (folder / name).write_bytes(made)
            click.echo(str(folder / name))
        for warning in warnings(pack, languages()[spoken]):
            click.echo(warning, err=True)
    except duckdb.CatalogException as error:
        raise click.ClickException(
            f"The published warehouse was built by another version of Keybook; run `keybook refresh`. ({error})"
        ) from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: {error.strerror or error}") from error


REPORT_COMMANDS: list[click.Command] = [report]
