"""Opens what an export is wrapped in: gzip, Zstandard and zip members, and text in any encoding.

What comes out is plain UTF-8 text, a workbook, JSON or Parquet in a scratch folder, within the limits of `Limits`.
What is in it is the readers' matter (`delimited.py`, `records.py`, `workbook.py`).
"""

from __future__ import annotations

import codecs
import gzip
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import zstandard

from pipelines.exports.codes import UnreadableError
from pipelines.exports.readers.encodings import one_byte_encoding

if TYPE_CHECKING:
    from pipelines.settings import Settings

CHUNK = 1 << 20
# A compressed file in a compressed file, and so on: deeper than anybody packs.
MAX_LAYERS = 8
# An encoding, and the words by which a text that is written in it says so.
Declared = tuple[tuple[str, str], ...]
Kind = Literal["text", "json", "workbook", "parquet"]


class SupportsRead(Protocol):
    """Anything that gives its bytes piece by piece."""

    def read(self, size: int = ..., /) -> bytes:
        """The next piece; empty at the end."""


@dataclass(frozen=True)
class Limits:
    """What reading one file may take: bytes unpacked, cells of a sheet, columns, bytes of a line and of memory, seconds."""

    file_bytes: int = 20 * 2**30
    cells: int = 50_000_000
    columns: int = 4_000
    line_bytes: int = 64 * 2**20
    memory_bytes: int = 4 * 2**30
    seconds: int = 600

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """As the settings say."""
        return cls(
            settings.max_file_bytes,
            settings.max_cells,
            settings.max_columns,
            settings.max_line_bytes,
            settings.read_memory_bytes,
            settings.read_seconds,
        )


@dataclass(frozen=True)
class Member:
    """One plain file: where its bytes are now, what kind it is, and its name within the export (empty: itself)."""

    path: Path
    kind: Kind
    name: str = ""
    encoding: str = ""
    bad_bytes: bool = False


def unpack(
    path: Path, scratch: Path, limits: Limits, declared: Declared = (), name: str = "", layer: int = 0
) -> Iterator[Member]:
    """The plain files in an export: itself, what it is compressed from, or the members of a zip.

    `declared` are the words in which a text may say its encoding, with that encoding; `layer` says how many wrappings are
    around it.

    Raises:
        UnreadableError: it is empty, damaged, encrypted or larger than the limit.
    """
    if layer > MAX_LAYERS:
        raise UnreadableError("nested_too_deep", limit_count=MAX_LAYERS)
    if path.stat().st_size > limits.file_bytes:
        raise UnreadableError("too_large", limit_count=limits.file_bytes)
    with path.open("rb") as file:
        magic = file.read(8)
    if not magic:
        raise UnreadableError("empty")
    if magic[:2] == b"\x1f\x8b":
        yield from _decompressed(path, scratch, limits, declared, name, layer, "gzip")
    elif magic[:4] == b"\x28\xb5\x2f\xfd":
        yield from _decompressed(path, scratch, limits, declared, name, layer, "zstd")
    elif magic[:4] == b"PK\x03\x04":
        yield from _zipped(path, scratch, limits, declared, name, layer)
    elif magic[:4] == b"PAR1":
        yield Member(path, "parquet", name)
    elif magic == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        yield Member(path, "workbook", name)
    else:
        yield _plain_text(path, scratch, limits, declared, name)


def _copy_bounded(source: SupportsRead, target: Path, limits: Limits) -> None:
    written = 0
    with target.open("wb") as out:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > limits.file_bytes:
                raise UnreadableError("unpacks_too_large", limit_count=limits.file_bytes)
            out.write(chunk)


def _scratch_file(scratch: Path, suffix: str = "") -> Path:
    return scratch / f"{sum(1 for _ in scratch.iterdir())}{suffix}"


def _decompressed(
    path: Path,
    scratch: Path,
    limits: Limits,
    declared: Declared,
    name: str,
    layer: int,
    kind: Literal["gzip", "zstd"],
) -> Iterator[Member]:
    target = _scratch_file(scratch, ".unpacked")
    try:
        if kind == "gzip":
            with gzip.open(path) as source:
                _copy_bounded(source, target, limits)
        else:
            with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as source:
                _copy_bounded(source, target, limits)
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise UnreadableError("damaged", name=kind, said=str(error)) from error
    yield from unpack(target, scratch, limits, declared, name, layer + 1)


def _zipped(path: Path, scratch: Path, limits: Limits, declared: Declared, name: str, layer: int) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            names = {info.filename for info in members}
            if "[Content_Types].xml" in names or "mimetype" in names:
                total = sum(info.file_size for info in members)
                if total > limits.file_bytes:
                    raise UnreadableError("unpacks_too_large", limit_count=limits.file_bytes)
                yield Member(path, "workbook", name)
                return
            for info in members:
                if info.flag_bits & 1:
                    raise UnreadableError("encrypted_member", name=info.filename)
                target = _scratch_file(scratch, ".member")
                with archive.open(info) as source:
                    _copy_bounded(source, target, limits)
                inner = f"{name}/{info.filename}".lstrip("/")
                yield from unpack(target, scratch, limits, declared, inner, layer + 1)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        raise UnreadableError("damaged", name="zip", said=str(error)) from error


def _byte_order_mark(head: bytes) -> str | None:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    return None


def _utf8_share(path: Path) -> tuple[int, int]:
    """How many characters outside ASCII are well-formed UTF-8, and how many bytes are not."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    good = bad = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            text = decoder.decode(chunk)
            escaped = sum(1 for character in text if "\udc80" <= character <= "\udcff") if not _is_clean(text) else 0
            bad += escaped
            good += len(text.encode("utf-8", "surrogateescape")) - len(text)
        bad += len(decoder.decode(b"", True))
    return good, bad


def _is_clean(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _has_longer_line(path: Path, most: int) -> bool:
    """Whether a line is longer than `most` bytes; one of up to twice as many may pass."""
    with path.open("rb") as file:
        while chunk := file.read(most):
            if len(chunk) == most and b"\n" not in chunk and b"\r" not in chunk:
                return True
    return False


def _plain_text(path: Path, scratch: Path, limits: Limits, declared: Declared, name: str) -> Member:
    with path.open("rb") as file:
        head = file.read(CHUNK)
    bad_bytes = False
    found = _byte_order_mark(head)
    if found is None and head.count(0) > len(head) // 4:
        found = "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    if found is None and b"\0" in head:
        raise UnreadableError("unknown_format")
    if found is None:
        good, bad = _utf8_share(path)
        if bad == 0 or good > 20 * bad:
            found, bad_bytes = "utf-8", bad > 0
        else:
            said = (encoding for encoding, words in declared if words.encode(encoding) in head)
            found = next(said, None) or one_byte_encoding(head)
    plain = path
    if found != "utf-8" or bad_bytes:
        plain = _scratch_file(scratch, ".utf8")
        try:
            with (
                path.open("r", encoding=found, newline="", errors="replace" if bad_bytes else "strict") as source,
                plain.open("w", encoding="utf-8", newline="") as target,
            ):
                shutil.copyfileobj(source, target, CHUNK)
        except (UnicodeError, LookupError) as error:
            raise UnreadableError("wrong_encoding", name=found, said=str(error)) from error
    with plain.open("rb") as file:
        start = file.read(CHUNK).lstrip()
    kind: Kind = "json" if start[:1] in (b"{", b"[") else "text"
    if kind == "text" and plain.stat().st_size > limits.line_bytes and _has_longer_line(plain, limits.line_bytes):
        raise UnreadableError("line_too_long", limit_count=limits.line_bytes)
    return Member(plain, kind, name, found.removesuffix("-sig"), bad_bytes)
