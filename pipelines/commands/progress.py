"""What a person sees while a refresh runs: a live line on a terminal, one line a step elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from pipelines.exports.landing.raw import Receipt


class Progress:
    """A status line on standard error."""

    def __init__(self) -> None:
        """Nothing is shown before it is entered."""
        self.console = Console(stderr=True, highlight=False, markup=False)
        self.status = self.console.status("Starting")
        self.nodes = 0

    def __enter__(self) -> Progress:
        """Shows the status line, on a terminal only."""
        if self.console.is_terminal:
            self.status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Takes the status line away."""
        self.status.stop()

    def stage(self, text: str) -> None:
        """Says what is going on now."""
        self.status.update(text)

    def on_file(self, receipt: Receipt) -> None:
        """Says what came of a landed file."""
        loaded = sum(row["rows_loaded"] for row in receipt.entities)
        self.console.print(f"landed    {receipt.file}: {loaded:,} rows" + (", held" if receipt.held else ""))

    def on_node(self, name: str, status: str) -> None:
        """Says which model or test has ended."""
        self.nodes += 1
        self.stage(f"Building and checking: {self.nodes} done, {name} ({status})")
