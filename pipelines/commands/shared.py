"""What every command shares: the exit codes, the option `--home`, and the settings told in a person's words."""

from __future__ import annotations

import os
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
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
            said = f"{where}{error.strerror or error}. What was published before stands."
            raise click.ClickException(said) from error


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


def refresh_of(**given: object) -> Refresh:
    """One home's landing folder, raw store and warehouse."""
    from pipelines.warehouse.refresh import Refresh

    return Refresh(settings_of(**given))
