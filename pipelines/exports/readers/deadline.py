"""How long one file may be read: whoever reads it, DuckDB or Python, ends by then, and the other files go on.

`within` sets the time for all that is called in it. DuckDB is interrupted by a thread that waits for the moment; what
goes through a file piece by piece in Python asks after each piece (`in_time`); a process of its own is given what is left.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TypeVar

import duckdb

from pipelines.exports.codes import UnreadableError

_Piece = TypeVar("_Piece")
# A query that begins after the moment is interrupted too.
_AGAIN_SECONDS = 0.2


@dataclass
class _Deadline:
    """The moment by which a file has been read, and the connections that read it."""

    seconds: float
    moment: float
    connections: list[duckdb.DuckDBPyConnection] = field(default_factory=list)
    done: Event = field(default_factory=Event)
    watching: Thread | None = None

    def watch(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Interrupts a connection too; what asks for itself after each piece needs nobody who watches."""
        self.connections.append(connection)
        if self.watching is None:
            self.watching = Thread(target=self.interrupt, daemon=True)
            self.watching.start()

    def interrupt(self) -> None:
        """Waits for the moment, and ends whatever query runs until all is done."""
        wait = self.moment - time.monotonic()
        while not self.done.wait(max(wait, 0)):
            for connection in list(self.connections):
                connection.interrupt()
            wait = _AGAIN_SECONDS

    def is_over(self) -> bool:
        return time.monotonic() >= self.moment

    def error(self) -> UnreadableError:
        return UnreadableError("too_slow", limit_count=round(self.seconds))


_current: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is called in it ends within so many seconds.

    Raises:
        UnreadableError: it did not end by itself.
    """
    deadline = _Deadline(seconds, time.monotonic() + seconds)
    token = _current.set(deadline)
    try:
        yield
    except duckdb.InterruptException as error:
        if deadline.is_over():
            raise deadline.error() from error
        raise
    finally:
        _current.reset(token)
        deadline.done.set()
        if deadline.watching:
            deadline.watching.join()


def check() -> None:
    """Ends the reading of a file whose time is over; does nothing where no time was set.

    Raises:
        UnreadableError: it is over.
    """
    deadline = _current.get()
    if deadline and deadline.is_over():
        raise deadline.error()


def in_time(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """The pieces, until the time is over."""
    deadline = _current.get()
    for piece in pieces:
        if deadline and deadline.is_over():
            raise deadline.error()
        yield piece


def left(seconds: float) -> float:
    """How many seconds are left of the time that was set, and no more than are given here."""
    deadline = _current.get()
    return min(seconds, deadline.moment - time.monotonic()) if deadline else seconds


@contextmanager
def ends_in_time(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """The queries of a connection end when the time is over."""
    check()
    deadline = _current.get()
    if deadline:
        deadline.watch(connection)
    try:
        yield
    finally:
        if deadline:
            deadline.connections.remove(connection)
