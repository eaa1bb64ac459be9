"""What every command shares: the exit codes, the option `--home`, and the settings told in a person's words."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pipelines.warehouse.refresh import Refresh

PUBLISHED, GATE_FAILED, UNUSABLE, WITH_REJECTS = 0, 1, 2, 3


class Text(click.ParamType[str]):
    """An argument that is text: bytes that are none are refused by name."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it was given."""
        try:
            str(value).encode()
        except UnicodeEncodeError:
            self.fail("is no text in UTF-8", param, ctx)
        return str(value)


class Commands(click.Group):
    """All commands: what the system refuses (a full disk, a folder that may not be written) is said in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if (said := _file_of_duckdb(error)) is not None:
                raise click.ClickException(f"{said}. What was published before stands.") from error
            from pipelines.bounds import room
            from pipelines.warehouse.publications import PublishError

            if isinstance(error, PublishError):
                raise click.ClickException(str(error)) from error
            if isinstance(error, BrokenPipeError) or not isinstance(error, OSError):
                raise
            where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
            full = f" ({room()})" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
            said = f"{where}{error.strerror or error}{full}. What was published before stands."
            raise click.ClickException(said) from error


def _file_of_duckdb(error: Exception) -> str | None:
    """What DuckDB says of a file that it cannot read; it is not loaded for the commands that do without it."""
    duckdb = sys.modules.get("duckdb")
    if duckdb is None or not isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
        return None
    return str(error).strip().splitlines()[0]


class HomeCommand(click.Command):
    """A command that works on a home: each takes `--home`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Adds the option."""
        super().__init__(*arguments, **options)
        home = click.Option(
            ["--home"],
            type=click.Path(path_type=Path),
            help="Holds landing/, contracts/, lists/, warehouse/, reports/.",
        )
        self.params.append(home)


def settings_of(**given: object) -> Settings:
    """The settings, or a usage error that names the one that cannot be used; the process works within them then."""
    from pipelines.bounds import work_within

    try:
        settings = load_settings(**given)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    work_within(settings)
    return settings


def refresh_of(must_exist: bool = False, **given: object) -> Refresh:
    """One home's landing folder, raw store and warehouse; a home that must exist is not made by a slip of the pen."""
    from pipelines.warehouse.refresh import Refresh

    settings = settings_of(**given)
    if must_exist and not settings.home.is_dir():
        raise click.UsageError(f"there is no home {settings.home}.")
    work = Refresh(settings)
    work.warehouse.on_wait = lambda said: click.echo(f"Waiting: {said}.", err=True)
    return work
