"""What every command shares: the exit codes, the option `--home`, and the settings told in a person's words."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from pipelines.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pipelines.warehouse.refresh import Refresh

PUBLISHED, GATE_FAILED, UNUSABLE, WITH_REJECTS = 0, 1, 2, 3
ENDS = {PUBLISHED: "well", GATE_FAILED: "failed", UNUSABLE: "unusable", WITH_REJECTS: "not_all_well"}


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
            if (said := _said_of(error)) is None:
                raise
            raise click.ClickException(said) from error


def _said_of(error: Exception) -> str | None:
    """What is told of an error that the system or another run is the reason of; None of any other."""
    if (said := _file_of_duckdb(error)) is not None:
        return f"{said}. What was published before stands."
    from pipelines.bounds import room
    from pipelines.warehouse.publications import PublishError

    if isinstance(error, PublishError):
        return str(error)
    if isinstance(error, BrokenPipeError) or not isinstance(error, OSError):
        return None
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    full = f" ({room()})" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return f"{where}{error.strerror or error}{full}. What was published before stands."


def _file_of_duckdb(error: Exception) -> str | None:
    """What DuckDB says of a file that it cannot read; it is not loaded for the commands that do without it."""
    duckdb = sys.modules.get("duckdb")
    if duckdb is None or not isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
        return None
    return str(error).strip().splitlines()[0]


@dataclass
class Run:
    """A command's run: what the log knows it by, and what it says of it at its end."""

    id: str
    told: dict[str, Any] = field(default_factory=dict)


@contextmanager
def logged(settings: Settings, command: str, but_output: bool = False, **asked: Any) -> Iterator[Run]:
    """A command's run in the log, by the setting `log`: that it begins and as what it was asked for, and how it ends.

    Where lines are JSON, a reason to end is a line too, and no sentence stands between them.
    """
    if settings.log != "json":
        yield Run(str(uuid4()))
        return
    from pipelines.logs import lines_alone, logger, of_run

    run, began, log = Run(str(uuid4())), time.monotonic(), logger(settings)
    with of_run(command, run.id), lines_alone(settings, but_output):
        log.info("started", what=command, status="started", **asked)
        code = GATE_FAILED
        try:
            yield run
            code = PUBLISHED
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else GATE_FAILED
            raise
        except Exception as error:
            said = error.format_message() if isinstance(error, click.ClickException) else _said_of(error)
            if said is None:
                raise
            code = error.exit_code if isinstance(error, click.ClickException) else GATE_FAILED
            run.told["said"] = said
            raise SystemExit(code) from error
        finally:
            seconds = round(time.monotonic() - began, 3)
            log.info("ended", what=command, status=ENDS[code], exit_code=code, seconds=seconds, **run.told)


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
