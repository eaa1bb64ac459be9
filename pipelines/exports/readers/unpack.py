"""Opens what an export is wrapped in: gzip, Zstandard and zip members, and text in any encoding.

What comes out is plain UTF-8 text, a workbook, JSON or Parquet in a scratch folder, within the limits of `Limits`.
What is in it is the readers' matter (`delimited.py`, `records.py`, `workbook.py`).
"""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import zstandard

from pipelines.exports.codes import UnreadableError
from pipelines.exports.readers.deadline import check
from pipelines.exports.readers.encodings import one_byte_encoding

if TYPE_CHECKING:
    from pipelines.settings import Settings

CHUNK = 1 << 20
# A compressed file in a compressed file, and so on: deeper than anybody packs.
MAX_LAYERS = 8
# What is wrong with all of an archive, and not with one of its members.
OF_ALL = {"damaged", "nested_too_deep", "too_slow", "unpacks_too_large"}
# What a zip begins with, and a workbook of Excel before 2007.
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The namespace of a workbook that is XML, and how one begins; in UTF-16 there are noughts between its letters.
XML_WORKBOOK = "urn:schemas-microsoft-com:office:spreadsheet"
_XML_WORKBOOK = re.compile(rb"\W*<(\?.*?<)?(\w+:)?Workbook\b", re.S)
# What a web page begins with, and what begins with text and is none: PDF, RTF, XML.
_PAGE = (b"<!doctype html", b"<html", b"<head", b"<meta", b"<style", b"<body", b"<div", b"<table")
_NO_TEXT = (b"%PDF-", b"{\\rtf", b"<?xml")
# Operating systems and editors leave these in folders and archives; they are no exports.
NO_EXPORTS = (".", "~$", "Thumbs.db", "desktop.ini", "__MACOSX")
# An encoding, and the words by which a text that is written in it says so.
Declared = tuple[tuple[str, str], ...]
Kind = Literal["text", "json", "page", "workbook", "parquet", "unreadable"]


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
    seconds: int = 1800

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
    """One plain file: where its bytes are now, what kind it is, and its name within the export (empty: itself).

    `problem` says why a member of an archive cannot be read.
    """

    path: Path
    kind: Kind
    name: str = ""
    encoding: str = ""
    bad_bytes: bool = False
    problem: UnreadableError | None = None


def unpack(path: Path, scratch: Path, limits: Limits, declared: Declared = ()) -> Iterator[Member]:
    """The plain files in an export: itself, what it is compressed from, or the members of a zip.

    `declared` are the words in which a text may say its encoding, with that encoding. A member of a zip that cannot be
    read holds up no other.

    Raises:
        UnreadableError: it is empty, damaged, or larger than the limit.
    """
    if path.stat().st_size > limits.file_bytes:
        raise UnreadableError("too_large", limit_count=limits.file_bytes)
    return _Unpacking(scratch, limits, declared).members(path, "", 0)


def is_xml_workbook(path: Path) -> bool:
    """Whether a file is a workbook in the XML of Excel 2003."""
    with path.open("rb") as file:
        head = file.read(4096).replace(b"\0", b"")
    return XML_WORKBOOK.encode() in head and _XML_WORKBOOK.match(head) is not None


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook, by its first bytes and, where it is a zip, by the names of its members."""
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == _OLE or not magic.startswith(_ZIP):
        return magic == _OLE or is_xml_workbook(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _holds_workbook(archive)
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return False


def _holds_workbook(archive: zipfile.ZipFile) -> bool:
    return not {"[Content_Types].xml", "mimetype"}.isdisjoint(archive.namelist())


def is_zip_of_one(path: Path) -> bool:
    """Whether a file is a zip with one member that a person may have put into it, and no workbook.

    Raises:
        OSError: it cannot be opened.
        zipfile.BadZipFile: it is damaged.
    """
    with path.open("rb") as file:
        if not file.read(8).startswith(_ZIP):
            return False
    with zipfile.ZipFile(path) as archive:
        return not _holds_workbook(archive) and len(_members(archive)) == 1


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [info for info in archive.infolist() if not info.is_dir() and _is_export(info.filename)]


def _is_export(name: str) -> bool:
    """Whether a person may have put a member of an archive into it."""
    return not any(part.startswith(NO_EXPORTS) for part in name.split("/"))


class _Unpacking:
    """One export being unpacked: all that comes out of it, however it is wrapped, stays within one limit."""

    def __init__(self, scratch: Path, limits: Limits, declared: Declared) -> None:
        self.scratch = scratch
        self.limits = limits
        self.declared = declared
        self.written = self.made = 0

    def members(self, path: Path, name: str, layer: int) -> Iterator[Member]:
        """The plain files in one that has so many wrappings around it."""
        if layer > MAX_LAYERS:
            raise UnreadableError("nested_too_deep", limit_count=MAX_LAYERS)
        with path.open("rb") as file:
            magic = file.read(8)
        if not magic:
            raise UnreadableError("empty")
        if magic[:2] == b"\x1f\x8b":
            yield from self._decompressed(path, name, layer, "gzip")
        elif magic[:4] == b"\x28\xb5\x2f\xfd":
            yield from self._decompressed(path, name, layer, "zstd")
        elif magic.startswith(_ZIP):
            yield from self._zipped(path, name, layer)
        elif magic[:4] == b"PAR1":
            yield Member(path, "parquet", name)
        elif magic == _OLE or is_xml_workbook(path):
            yield Member(path, "workbook", name)
        else:
            yield self._plain_text(path, name)

    def _file(self, suffix: str) -> Path:
        self.made += 1
        return self.scratch / f"{self.made}{suffix}"

    def _copy(self, source: SupportsRead, target: Path) -> None:
        with target.open("wb") as out:
            while chunk := source.read(CHUNK):
                check()
                self.written += len(chunk)
                if self.written > self.limits.file_bytes:
                    raise UnreadableError("unpacks_too_large", limit_count=self.limits.file_bytes)
                out.write(chunk)

    def _decompressed(self, path: Path, name: str, layer: int, kind: Literal["gzip", "zstd"]) -> Iterator[Member]:
        target = self._file(".unpacked")
        try:
            if kind == "gzip":
                with gzip.open(path) as source:
                    self._copy(source, target)
            else:
                with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as source:
                    self._copy(source, target)
        except (OSError, EOFError, zstandard.ZstdError) as error:
            raise UnreadableError("damaged", name=kind, said=str(error)) from error
        yield from self.members(target, name, layer + 1)

    def _zipped(self, path: Path, name: str, layer: int) -> Iterator[Member]:
        try:
            with zipfile.ZipFile(path) as archive:
                members = _members(archive)
                if _holds_workbook(archive):
                    total = sum(info.file_size for info in members)
                    if total > self.limits.file_bytes:
                        raise UnreadableError("unpacks_too_large", limit_count=self.limits.file_bytes)
                    yield Member(path, "workbook", name)
                    return
                if not members:
                    raise UnreadableError("empty")
                for info in members:
                    inner = f"{name}/{info.filename}".lstrip("/")
                    target = self._file(".member")
                    try:
                        if info.flag_bits & 1:
                            raise UnreadableError("encrypted_member", name=info.filename)
                        with archive.open(info) as source:
                            self._copy(source, target)
                        yield from self.members(target, inner, layer + 1)
                    except UnreadableError as error:
                        if error.finding.code in OF_ALL:
                            raise
                        yield Member(target, "unreadable", inner, problem=error)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
            raise UnreadableError("damaged", name="zip", said=str(error)) from error

    def _without_padding(self, path: Path) -> Path:
        """A text without the NUL bytes that a program filled it up with; the file itself where it has none.

        Raises:
            UnreadableError: they stand where its last line should end: it was not written whole.
        """
        count = _nuls_at_end(path)
        if not count:
            return path
        whole = path.stat().st_size - count
        with path.open("rb") as file:
            file.seek(max(0, whole - 1))
            if file.read(1) not in (b"\n", b"\r"):
                raise UnreadableError("damaged", name="text", said=f"it ends within a line, with {count:,} NUL bytes")
            file.seek(0)
            plain = self._file(".whole")
            with plain.open("wb") as out:
                while whole and (chunk := file.read(min(CHUNK, whole))):
                    check()
                    whole -= len(chunk)
                    out.write(chunk)
        return plain

    def _plain_text(self, path: Path, name: str) -> Member:
        with path.open("rb") as file:
            head = file.read(CHUNK)
        bad_bytes = False
        found = _byte_order_mark(head)
        bare = head.rstrip(b"\0")
        if found is None and bare.count(0) > len(bare) // 4:
            found = "utf-16-le" if bare[1::2].count(0) >= bare[::2].count(0) else "utf-16-be"
        if found is None and b"\0" in bare:
            raise UnreadableError("unknown_format")
        if found is None:
            path = self._without_padding(path)
        if found is None and _is_utf8(path):
            found = "utf-8"
        if found is None:
            good, bad = _utf8_share(path)
            if good > 20 * bad:
                found, bad_bytes = "utf-8", True
            else:
                said = (encoding for encoding, words in self.declared if words.encode(encoding) in head)
                found = next(said, None) or one_byte_encoding(head)
        plain = path
        if found != "utf-8" or bad_bytes:
            plain = self._file(".utf8")
            try:
                with (
                    path.open("r", encoding=found, newline="", errors="replace" if bad_bytes else "strict") as source,
                    plain.open("w", encoding="utf-8", newline="") as target,
                ):
                    while text := source.read(CHUNK):
                        check()
                        target.write(text)
            except (UnicodeError, LookupError) as error:
                raise UnreadableError("wrong_encoding", name=found, said=str(error)) from error
        with plain.open("rb") as file:
            start = file.read(CHUNK).lstrip()
        if start.startswith(_NO_TEXT):
            raise UnreadableError("unknown_format")
        kind: Kind = "json" if start[:1] in (b"{", b"[") else "page" if start[:20].lower().startswith(_PAGE) else "text"
        if kind == "text":
            hold_lines(plain, self.limits.line_bytes)
        return Member(plain, kind, name, found.removesuffix("-sig"), bad_bytes)


def _nuls_at_end(path: Path) -> int:
    """How many NUL bytes a file ends with."""
    size = place = path.stat().st_size
    with path.open("rb") as file:
        while place:
            start = max(0, place - CHUNK)
            file.seek(start)
            rest = file.read(place - start).rstrip(b"\0")
            if rest:
                return size - start - len(rest)
            place = start
    return size


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


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                check()
                decoder.decode(chunk)
            decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _utf8_share(path: Path) -> tuple[int, int]:
    """How many characters outside ASCII are well-formed UTF-8, and how many bytes are not."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    good = bad = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            check()
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


def hold_lines(path: Path, most: int) -> None:
    """Holds the lines of a text to so many bytes; one of up to twice as many may pass.

    Raises:
        UnreadableError: one is longer.
    """
    if path.stat().st_size <= most:
        return
    with path.open("rb") as file:
        while chunk := file.read(most):
            check()
            if len(chunk) == most and b"\n" not in chunk and b"\r" not in chunk:
                raise UnreadableError("line_too_long", limit_count=most)
