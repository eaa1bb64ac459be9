"""What of the landed files waits for a person's word, for the page Add data: held, filtered, rejected in part, assumed.

A word is kept beside the raw store and a corrected file is landed instead of the one before it; figures follow with the
next refresh.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.adding import MOST_REJECTED, AddingError, Rejected, rejected, take_in
from pipelines.exports.landing.collisions import CODES
from pipelines.exports.landing.folder import system_of
from pipelines.exports.landing.full_exports import asked, lacking
from pipelines.lists import ListError, line_of, replace_line
from pipelines.settings import Settings
from pipelines.words.landed import finding_said

# So many of the rows that an export would take away are shown.
MOST_GONE = 50


@dataclass(frozen=True)
class Waiting:
    """A file of the landing folder that is new, held, filtered, partly rejected, assumed, or of a changed contract."""

    path: Path
    name: str
    state: str
    sha256: str = ""
    # Why it is held: code and words.
    held: tuple[tuple[str, str], ...] = ()
    rows_loaded: int = 0
    rows_rejected: int = 0
    # Of a full export that may be filtered: how many of how many rows it would take away, and of which entity.
    gone: int = 0
    before: int = 0
    entity: str = ""

    @property
    def is_settled_by_a_word(self) -> bool:
        """Whether a person's word that it is what it looks like lets it in."""
        return bool(self.held) and {code for code, _ in self.held} <= CODES


def waiting(settings: Settings) -> list[Waiting]:
    """The files that a person may have something to say of: new ones, then held, filtered, rejected and assumed."""
    from pipelines.warehouse.refresh import Refresh

    work = Refresh(settings)
    found = []
    new = {file.sha256: file for file in work.new_files()}
    forgotten = work.store.forgotten()
    filtered = {str(row["file_sha256"]): row for row in asked(work.full_exports())} if work.store.root.exists() else {}
    for file in work.hashes():
        receipt = work.store.receipt(file.sha256)
        if file.sha256 in forgotten:
            continue
        if file.sha256 in new and receipt is None:
            found.append(Waiting(file.path, file.name, "new", file.sha256))
        elif receipt and (
            receipt.held or receipt.rows_rejected or receipt.assumed or file.sha256 in new or file.sha256 in filtered
        ):
            held = tuple((str(finding["code"]), finding_said(finding, settings.language)) for finding in receipt.held)
            lacks: dict[str, Any] = filtered.get(file.sha256, {})
            least = "rejected" if receipt.rows_rejected else "assumed"
            state = "changed" if file.sha256 in new else "held" if held else "filtered" if lacks else least
            loaded = sum(int(row["rows_loaded"]) for row in receipt.entities)
            found.append(
                Waiting(
                    file.path, file.name, state, file.sha256, held, loaded, receipt.rows_rejected,
                    int(lacks.get("row_count", 0)), int(lacks.get("other_count", 0)), str(lacks.get("name", "")),
                )
            )  # fmt: skip
    order = {"new": 0, "changed": 1, "held": 2, "filtered": 3, "rejected": 4, "assumed": 5}
    return sorted(found, key=lambda file: (order[file.state], file.name))


def would_be_gone(settings: Settings, file: Waiting) -> list[dict[str, str]]:
    """The first rows that a full export lacks, by what people know them by: what its acceptance would take away."""
    from pipelines.warehouse.refresh import Refresh

    work = Refresh(settings)
    judged = work.full_exports()
    exports = [
        export
        for export in judged
        if export.file_sha256 == file.sha256 and export.raw_table.replace("_", ".", 1) == file.entity
    ]
    return lacking(work.store, work.receipts(), judged, exports[0], MOST_GONE) if exports else []


def accept(settings: Settings, path: Path, contract: str = "") -> None:
    """Takes a person's word for a file: what it is, or that it holds all that there is.

    Raises:
        AddingError: the file lies no more there, or there is no such contract.
    """
    from pipelines.warehouse.corrections import NoSuchFileError
    from pipelines.warehouse.corrections import accept as give_word
    from pipelines.warehouse.refresh import Refresh

    try:
        give_word(Refresh(settings), str(path), contract)
    except NoSuchFileError as error:
        raise AddingError(str(error)) from error


def correct(settings: Settings, file: Waiting, name: str, source: BinaryIO) -> Path:
    """Takes a corrected file in instead of another, which stays in the landing folder and counts no more.

    Raises:
        AddingError: it cannot be taken, or is the same as before.
        OSError: it cannot be written.
    """
    from pipelines.warehouse.corrections import forget
    from pipelines.warehouse.refresh import Refresh

    taken = take_in(settings, name, source, system_of(file.name))
    work = Refresh(settings)
    if next((lying.sha256 for lying in work.hashes() if lying.path == taken), "") == file.sha256:
        raise AddingError(f"{taken.name} is the same file as before")
    forget(work, file.sha256)
    return taken


@dataclass(frozen=True)
class ListLine:
    """A line of one of the home's lists that was rejected, as it stands in the file."""

    path: Path
    text: str
    rejected: Rejected


def rejected_lines(settings: Settings) -> list[ListLine]:
    """The rejected lines of the lists, where the file is still as it was read."""
    from pipelines.warehouse.refresh import Refresh

    work = Refresh(settings)
    found = []
    for file in work.lists.files():
        receipt = work.store.receipt(file.sha256)
        if receipt is None or not receipt.rows_rejected:
            continue
        for reject in work.store.rejects(file.sha256, MOST_REJECTED):
            with suppress(ListError):
                text = line_of(file.path, reject["line"] or 0)
                if text is not None:
                    found.append(ListLine(file.path, text, rejected(reject, settings.language)))
    return found


def correct_line(line: ListLine, text: str) -> None:
    """Writes a corrected line in place of one of a list.

    Raises:
        AddingError: the file is no longer as it was, or the text is more than a line.
        OSError: it cannot be written.
    """
    try:
        if not replace_line(line.path, line.rejected.line or 0, line.text, text):
            raise AddingError(f"{line.path.name} has changed meanwhile; refresh, and look again")
    except ListError as error:
        raise AddingError(str(error)) from error
