"""What every command shares: the exit codes, the option `--home`, and the settings told in a person's words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pipelines.warehouse.refresh import Refresh

PUBLISHED, GATE_FAILED, UNUSABLE, WITH_REJECTS = 0, 1, 2, 3


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
    """The settings, or a usage error that names the one that cannot be used."""
    try:
        return load_settings(**given)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def refresh_of(**given: object) -> Refresh:
    """One home's landing folder, raw store and warehouse."""
    from pipelines.warehouse.refresh import Refresh

    return Refresh(settings_of(**given))
