"""What a report that stays is made of: the tables that it reads, kept when it is first handed out.

An appraisal that was made is restated by nothing: whatever is landed, mended or published later, whoever is sent it
later is sent the same figures. `<home>/deliveries/REPORT/PERIOD/snapshot/VERSION/` is a publication of those tables
alone, with `publication.json`, which also says the SHA-256 of the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from pipelines.bounds import connect
from pipelines.delivery.brake import CAUSES
from pipelines.files import fsync, read_object, write_whole
from pipelines.warehouse.publications import FILE, RECEIPT, Publication

FOLDER = "snapshot"
_BRAKE = tuple(dict.fromkeys(re.findall(r"reporting\.(\w+)", " ".join(cause.sql for cause in CAUSES.values()))))


class SnapshotDamaged(Exception):
    """What was kept is not what it was; the message says where it is."""


def taken(period: Path) -> tuple[Publication, Path] | None:
    """The publication that was kept of a report's period, and its file; None where none was.

    Raises:
        SnapshotDamaged: the file is gone or is another.
    """
    for folder in sorted((period / FOLDER).glob("*")):
        receipt = read_object(folder / RECEIPT)
        if receipt is None or folder.name.endswith(".part"):
            continue
        file = folder / FILE
        if not file.is_file() or _digest(file) != receipt.get("sha256"):
            raise SnapshotDamaged(f"{file} is not what was kept; restore it from your copy")
        return Publication(**{name: value for name, value in receipt.items() if name != "sha256"}), file
    return None


def take(period: Path, publication: Publication, published: Path, tables: Iterable[str]) -> Path:
    """Keeps tables of a publication, and those by which a report is held; what is kept already stays.

    Raises:
        SnapshotDamaged: something was kept, and is not what it was.
    """
    if (kept := taken(period)) is not None:
        return kept[1]
    folder = period / FOLDER / publication.version
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    file = unfinished / FILE
    with connect(str(file)) as connection:
        connection.execute("create schema reporting")
        connection.execute(f"attach '{str(published).replace(chr(39), chr(39) * 2)}' as published (read_only)")
        for table in dict.fromkeys((*tables, *_BRAKE)):
            connection.execute(f"create table reporting.{table} as from published.reporting.{table}")
        connection.execute("detach published")
        connection.execute("checkpoint")
    file.chmod(0o444)
    write_whole(unfinished / RECEIPT, json.dumps({**asdict(publication), "sha256": _digest(file)}, indent=1) + "\n")
    fsync(file)
    fsync(unfinished)
    os.replace(unfinished, folder)
    fsync(folder.parent)
    return folder / FILE


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
