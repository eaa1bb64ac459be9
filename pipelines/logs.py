"""What a run does, for a machine that reads it: a line of JSON an event, on standard error, by the setting `log`.

Each line says when (UTC, `at`), of which command and run, what happened (`event`) to what and where, how it went
(`status`), with counts and seconds. `what` is the name of a file, model, report, recipient or publication; no value of
a row, no figure, no address, no secret and no sentence that may hold one is said.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from contextvars import ContextVar
from io import StringIO
from typing import TYPE_CHECKING, TextIO

import structlog

from pipelines.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

# Where lines go while what is said to people is left out.
_SAID_TO: ContextVar[TextIO | None] = ContextVar("said_to", default=None)


class _Lines:
    """Writes to what standard error is at the moment."""

    def msg(self, message: str) -> None:
        """A line."""
        print(message, file=_SAID_TO.get() or sys.stderr, flush=True)

    info = warning = error = msg


def logger(settings: Settings) -> FilteringBoundLogger:
    """What writes a home's log; nothing where the setting `log` is not `json`."""
    level = "info" if settings.log == "json" else "critical"
    log: FilteringBoundLogger = structlog.wrap_logger(
        _Lines(),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return log


@contextmanager
def of_run(command: str, run: str) -> Iterator[None]:
    """Every line says which command and which run it is of."""
    with structlog.contextvars.bound_contextvars(command=command, run=run):
        yield


@contextmanager
def lines_alone(settings: Settings, but_output: bool = False) -> Iterator[None]:
    """Where the log is JSON, sentences to people are left out: they name values, and would stand between its lines.

    What is written to standard output stays with `but_output`.
    """
    if settings.log != "json":
        yield
        return
    token = _SAID_TO.set(sys.stderr)
    try:
        with redirect_stderr(StringIO()), redirect_stdout(sys.stdout if but_output else StringIO()):
            yield
    finally:
        _SAID_TO.reset(token)


def without_addresses(said: str) -> str:
    """What another machine answered, without the addresses in it."""
    return re.sub(r"[^\s<>]+@[^\s<>]+", "…", said)
