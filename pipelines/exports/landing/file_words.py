"""What is on record of single files beside what they gave: what a person said, and what a run began, in the raw store.

`forgotten/<sha256>.json` names a file that was taken out again and that is not to be landed though it lies there,
`accepted/<sha256>.json` one that was held and that is what it looks like. `begun.json` names those that a run lands and
has not held against the others yet.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.files import read_object, remove, write_whole


class FileWords:
    """The files below one raw store that a person forgot or accepted, by their hashes."""

    def __init__(self, root: Path) -> None:
        """Reads nothing yet."""
        self.root = root
        self.forgotten_folder = root / "forgotten"
        self.accepted_folder = root / "accepted"
        self.begun_file = root / "begun.json"

    def begin(self, sha256s: set[str]) -> None:
        """Notes which files are about to be landed, besides those of a run that broke off."""
        if sha256s:
            write_whole(self.begun_file, json.dumps({"files": sorted(sha256s | self.begun())}))

    def begun(self) -> set[str]:
        """The files that were begun, and not ended."""
        return set((read_object(self.begun_file) or {}).get("files", []))

    def end(self) -> None:
        """Notes that all that was begun is done."""
        if self.begun_file.exists():
            remove(self.begun_file)

    def forget(self, sha256: str, file: str, at: str) -> None:
        """Remembers that a file is not to be landed, wherever it lies; `remove` takes out what it gave before."""
        self.forgotten_folder.mkdir(parents=True, exist_ok=True)
        said = {"sha256": sha256, "file": file, "forgotten_at": at}
        write_whole(self.forgotten_folder / f"{sha256}.json", json.dumps(said, ensure_ascii=False, indent=1))

    def forgotten(self) -> dict[str, str]:
        """The files that are not to be landed: hash -> the name it was known by."""
        return {
            path.stem: (read_object(path) or {}).get("file", path.stem) for path in self.forgotten_folder.glob("*.json")
        }

    def unforget(self, sha256: str) -> None:
        """Lets a forgotten file be landed again."""
        remove(self.forgotten_folder / f"{sha256}.json")

    def accept(self, sha256: str, file: str, at: str, contract: str = "") -> None:
        """Remembers a person's word for a file: that it is what it looks like, and by which contract it is read."""
        self.accepted_folder.mkdir(parents=True, exist_ok=True)
        said = {"sha256": sha256, "file": file, "accepted_at": at, "contract": contract}
        write_whole(self.accepted_folder / f"{sha256}.json", json.dumps(said, ensure_ascii=False, indent=1))

    def accepted(self) -> dict[str, dict[str, str]]:
        """The files that a person gave his word for: hash -> file, accepted_at and contract (empty: as recognised)."""
        blank = {"file": "", "accepted_at": "", "contract": ""}
        said = {path.stem: read_object(path) for path in self.accepted_folder.glob("*.json")}
        return {sha256: blank | word for sha256, word in said.items() if word}

    def word(self, sha256: str) -> str | None:
        """The contract that a person said a file is of, empty for whichever it looks like; None where nothing was said."""
        said = read_object(self.accepted_folder / f"{sha256}.json")
        return said.get("contract", "") if said else None

    def unaccept(self, sha256: str) -> None:
        """Takes a person's word for a file back."""
        remove(self.accepted_folder / f"{sha256}.json")
