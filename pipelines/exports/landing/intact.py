"""What raw has lost by no doing of ours: files that are gone or cut off, and receipts that cannot be read.

Raw is the only copy of what was landed, so nothing is built of less than all of it, and what is left of a damaged file
is left alone. A file that still lies in the landing folder is landed again, known since it was known; of any other the
person is told what brings it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.readers.engine import answer
from pipelines.exports.readers.grids import quoted


class DamagedError(Exception):
    """Raw is not whole, and the exports that would mend it lie nowhere; the message names them and what to do."""


@dataclass(frozen=True)
class Damage:
    """A file of raw that is not as it was written: its place, the hash of its export, and that one's name if known."""

    place: str
    sha256: str
    export: str

    @property
    def remedy(self) -> str:
        """What a person can do."""
        what = self.export or f"the export with the SHA-256 {self.sha256}"
        return (
            f"it is damaged. Drop {what} into the landing folder again, or restore warehouse/raw from a copy; or take "
            f"out what is left of it: keybook forget {self.sha256[:12]}"
        )


def damages(store: RawStore, receipts: list[Receipt]) -> list[Damage]:
    """Everything in raw that is not as it was written, after all receipts were read."""
    found = [Damage(f"receipts/{sha256}.json", sha256, "") for sha256 in sorted(store.unreadable)]
    for receipt in receipts:
        for place, size in receipt.sizes.items():
            try:
                is_whole = (store.root / place).stat().st_size == size
            except OSError:
                is_whole = False
            if not is_whole:
                found.append(Damage(place, receipt.sha256, receipt.file))
    return found


def known_before_damage(store: RawStore, sha256: str) -> str | None:
    """Since when (ISO) a file was known whose receipt is there and cannot be read, by the rows that it gave."""
    if not (store.receipts_folder / f"{sha256}.json").exists():
        return None
    for path in store.root.glob(f"*/*/*-{sha256}.parquet"):
        try:
            rows = answer(f"select epoch_us(min(_known_at)) from read_parquet({quoted(str(path))})")
        except duckdb.Error:
            continue
        if rows[0][0] is not None:
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=rows[0][0])).isoformat()
    return None
