"""What the page Add data does, and nothing that a page computes: takes files in, says what each is, takes answers.

A file goes into the home's landing folder, under a name that can name nothing else; an answer becomes a contract of the
home, and is read as a person's own from then on. Uploads are strangers': their names and texts are data, never paths,
markup or code.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from pipelines.commands.shared import PUBLISHED, WITH_REJECTS
from pipelines.exports.codes import UnreadableError
from pipelines.exports.contracts.contract import Contract, ContractError
from pipelines.exports.contracts.draft import Draft as Draft
from pipelines.exports.contracts.draft import DraftError, draft, write_draft
from pipelines.exports.contracts.explain import targets
from pipelines.exports.contracts.loading import load_contracts, read_contract, shipped_contracts
from pipelines.exports.contracts.own_words import ADDITIONS, one_order, words_of
from pipelines.exports.contracts.plan import ANSWERS as ANSWERS
from pipelines.exports.contracts.plan import Question as Question
from pipelines.exports.contracts.recognise import Recognition
from pipelines.exports.costs import costs_of_file
from pipelines.exports.entities import entities
from pipelines.exports.landing.folder import sha256_of
from pipelines.exports.landing.land import Landing, ReadingRules, detect
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.landing.reading import open_table
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.unpack import Limits
from pipelines.files import replacing, write_whole
from pipelines.settings import Settings, SettingsError, load_settings, settings_and_places
from pipelines.words import word
from pipelines.words.landed import finding_said

PROJECT = Path(__file__).resolve().parent.parent
CHUNK = 1 << 20
LONGEST_NAME = 100
# So many rejected rows of a file are shown.
MOST_REJECTED = 200
# What the exports of a company are of; a page says which of them it has none of.
DOMAINS = ("crm", "billing", "calls")


class AddingError(Exception):
    """A file or an answer cannot be taken; the message says why."""


@dataclass
class Known:
    """A table that a contract knows: what each header is, with up to three of its values."""

    part: str
    contract: str
    title: str
    entities: list[str]
    mapped: list[tuple[str, str, tuple[str, ...]]]
    unmapped: list[str]


@dataclass(frozen=True)
class Rejected:
    """A row that was not loaded: where it stands, what it says there, why, and what helps."""

    part: str
    line: int | None
    column: str
    value: str
    why: str
    remedy: str


@dataclass
class Looked:
    """What a file is, before anything is published: its tables, and what came of landing it on trial."""

    known: list[Known] = field(default_factory=list)
    # The tables that no contract knows, by name; empty for a file that is one table.
    unknown: list[str] = field(default_factory=list)
    rows_loaded: int = 0
    rows_rejected: int = 0
    # Why it is held, in words, with the code.
    held: list[tuple[str, str]] = field(default_factory=list)
    # Contract, `entity.column`, word, rows: what nobody knows yet; and the first rejected rows.
    words: list[tuple[str, str, str, int]] = field(default_factory=list)
    # As these, of keys that nobody has said the currency of: their rows are read in the default one.
    assumed: list[tuple[str, str, str, int]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    # What each column costs that is not in it, in words, the dearest first.
    costs: list[str] = field(default_factory=list)
    # The contract whose dates read in two orders, and these.
    orders: tuple[str, list[str]] | None = None
    # How many rows of money are in which currency.
    currencies: dict[str, int] = field(default_factory=dict)
    # The contracts that fit, where several do.
    choices: list[str] = field(default_factory=list)


def safe_name(name: str) -> str:
    """A file's name as it may stand in the landing folder: its last part, of letters, digits and a few marks.

    Raises:
        AddingError: nothing is left of it.
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = re.sub(r"[^\w .()\[\]+-]", "_", last)
    kept = re.sub(r"\s+", " ", kept).strip(" .~_")
    stem, dot, end = kept.rpartition(".")
    if not stem or len(end) > 10:
        stem, dot, end = kept, "", ""
    if not stem.strip(" ._"):
        raise AddingError(f"{name[:60]!r} is no name of a file")
    return stem[: LONGEST_NAME - len(end) - 1].rstrip(" .") + dot + end


def safe_system(system: str) -> str:
    """A system as a folder of the landing folder: lower case, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", system.casefold()).strip("_")[:40]


def take_in(settings: Settings, name: str, source: BinaryIO, system: str = "") -> Path:
    """Writes an uploaded file into the landing folder, whole or not at all; one that lies there already is left.

    Raises:
        AddingError: it has no name, is empty or too large, or would lie outside of the landing folder.
        OSError: it cannot be written.
    """
    landing = settings.landing_dir
    folder = landing / safe_system(system) if safe_system(system) else landing
    folder.mkdir(parents=True, exist_ok=True)
    if not folder.resolve().is_relative_to(landing.resolve()):
        raise AddingError(f"{folder.name} is a link out of the landing folder")
    target = folder / safe_name(name)
    with tempfile.TemporaryDirectory(prefix="keybook-") as scratch:
        received = Path(scratch) / "received"
        digest, size = hashlib.sha256(), 0
        with received.open("wb") as out:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > settings.max_file_bytes:
                    raise AddingError(
                        f"{target.name} is larger than {settings.max_file_bytes:,} bytes (max_file_bytes)"
                    )
                digest.update(chunk)
                out.write(chunk)
        if not size:
            raise AddingError(f"{target.name} is empty")
        number = 1
        while target.exists() or target.is_symlink():
            if target.is_file() and not target.is_symlink() and sha256_of(target) == digest.hexdigest():
                return target
            number += 1
            target = target.with_name(f"{Path(safe_name(name)).stem} ({number}){target.suffix}")
        with replacing(target) as temporary, received.open("rb") as whole, temporary.open("xb") as out:
            while chunk := whole.read(CHUNK):
                out.write(chunk)
    return target


def look(settings: Settings, path: Path) -> Looked:
    """What a file is and what landing it would give; nothing is kept of it.

    Raises:
        AddingError: it cannot be read.
    """
    contracts = load_contracts(settings.contracts_dir)
    found = Looked()
    for part, recognition in detect(path, contracts, Limits.of(settings)):
        if isinstance(recognition, Recognition) and recognition.match:
            found.known.append(_known(path, part, recognition, contracts, settings))
        elif isinstance(recognition, Recognition):
            found.unknown.append(part)
    _trial(settings, path, contracts, found)
    return found


def _known(
    path: Path, part: str, recognition: Recognition, contracts: dict[str, Contract], settings: Settings
) -> Known:
    match = recognition.match
    assert match is not None
    samples: dict[str, tuple[str, ...]] = {}
    try:
        with open_table(path, contracts, Limits.of(settings), part or None) as table:
            for place, header in enumerate(match.headers[: table.width]):
                rows = table.connection.execute(
                    f"select trim(c{place}) from grid where trim(c{place}) != '' group by 1 order by min(_line) limit 3"
                ).fetchall()
                samples[header] = tuple(value for (value,) in rows)
    except UnreadableError:
        samples = {}
    mapped = targets(match.contract, match)
    shown = [(header, target, samples.get(header, ())) for header, target in mapped.items()]
    rest = [header for header in match.headers if header not in mapped and samples.get(header)]
    return Known(part, match.contract.contract, match.contract.title, list(match.contract.entities), shown, rest)


def _trial(settings: Settings, path: Path, contracts: dict[str, Contract], found: Looked) -> None:
    """Lands the file into a store of its own."""
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        store = RawStore(Path(folder) / "raw")
        store.receipts_folder.mkdir(parents=True)
        rules = ReadingRules(settings.business_timezone, Limits.of(settings))
        receipt = Landing(store, contracts, rules).land_file(path, path.name)
        found.rows_loaded = sum(int(row["rows_loaded"]) for row in receipt.entities)
        found.rows_rejected = receipt.rows_rejected
        for finding in receipt.held:
            found.held.append((str(finding["code"]), finding_said(finding, settings.language)))
            if finding["code"] == "date_order_unknown" and finding["contract"]:
                found.orders = (str(finding["contract"]), str(finding["name"]).split(", "))
            if finding["code"] in ("several_contracts", "kind_unclear"):
                found.choices = [name for name in re.findall(r"\w+", str(finding["name"])) if name in contracts]
        found.assumed = [
            (str(finding["contract"]), str(finding["name"]), str(finding["said"]), int(finding["row_count"]))
            for finding in receipt.assumed
        ]
        found.costs = [cost.said(settings.language) for cost in costs_of_file(receipt, contracts)]
        _rejects(found, store.rejects(receipt.sha256, 100_000), settings.language)
        _currencies(found, store)


def _currencies(found: Looked, store: RawStore) -> None:
    """Counts the rows of money by the currency that they name."""
    with connected() as connection:
        for entity in entities().values():
            files = [str(path) for path in (store.root / entity.domain / entity.name).glob("*[0-9a-f].parquet")]
            types = {column.name: column.type for column in entity.columns}
            if not files or "currency" not in types or "money" not in types.values():
                continue
            query = "select currency, count(*) from read_parquet(?) where currency is not null group by 1"
            for currency, rows in connection.execute(query, [files]).fetchall():
                found.currencies[currency] = found.currencies.get(currency, 0) + rows


def _rejects(found: Looked, rejects: list[dict[str, Any]], language: str) -> None:
    words: dict[tuple[str, str, str], int] = {}
    for reject in rejects:
        if reject["code"] == "unknown_word" and reject.get("field"):
            column = f"{reject['domain']}.{reject['entity']}.{reject['field']}"
            place = (reject["contract"], column, reject["value"] or "")
            words[place] = words.get(place, 0) + 1
    found.words = [(*place, rows) for place, rows in words.items()]
    found.rejected = [rejected(reject, language) for reject in rejects[:MOST_REJECTED]]


def rejected(reject: Mapping[str, Any], language: str) -> Rejected:
    """A rejected row in words."""
    return Rejected(
        reject["part"] or "",
        reject["line"],
        reject["column_name"] or "",
        reject["value"] or "",
        word(f"rejection.{reject['code']}", language, **reject),
        word(f"remedy.{reject['code']}", language, **reject),
    )


def meanings(entity_column: str) -> tuple[str, ...]:
    """What a word in a column with a vocabulary, or of currencies, may mean."""
    entity_id, _, column = entity_column.rpartition(".")
    return words_of(entities()[entity_id].column(column))


def drafted(settings: Settings, path: Path, sheet: str, answers: Mapping[str, str]) -> Draft:
    """The first contract of a table that no contract knows, with these answers.

    Raises:
        AddingError: there is none.
    """
    contracts = load_contracts(settings.contracts_dir)
    try:
        return draft(path, contracts, Limits.of(settings), sheet or None, answers, settings.raw)
    except UnreadableError as error:
        raise AddingError(finding_said({"file": path.name, **error.finding.facts}, settings.language)) from error
    except (DraftError, ContractError) as error:
        raise AddingError(str(error)) from error


def use(settings: Settings, made: Draft) -> Path:
    """Writes a draft into the home, under another name where one of its is there.

    Raises:
        AddingError: something is still asked, or it cannot be written.
    """
    if made.open:
        raise AddingError("something is still asked")
    contracts = load_contracts(settings.contracts_dir)
    name, number = made.name, 1
    while name in contracts or (settings.contracts_dir / f"{name}.yml").exists():
        number += 1
        name = f"{made.name}_{number}"
    try:
        return write_draft(made, settings.contracts_dir / f"{name}.yml", contracts)
    except (DraftError, ContractError, OSError) as error:
        raise AddingError(str(error)) from error


def teach(settings: Settings, contract: str, said: Mapping[str, Mapping[str, str]], date_order: str = "") -> Path:
    """Writes what a company's own words mean, or which order its dates have, beside a contract: the file is the list.

    Raises:
        AddingError: the contract reads no such words, or is the user's own and to be mended in its file.
    """
    path = settings.contracts_dir / f"{contract}.yml"
    before = path.read_text(encoding="utf-8") if path.exists() else None
    data: dict[str, Any] = yaml.safe_load(before) if before else {"contract": contract}
    if data.keys() <= ADDITIONS:
        words = data.setdefault("words", {})
        for column, meant in said.items():
            words[column] = {**words.get(column, {}), **meant}
        if not words:
            del data["words"]
        if date_order:
            data["date_order"] = date_order
    else:
        try:
            _teach_whole(data, said, date_order)
        except ValueError as error:
            raise AddingError(str(error)) from error
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)
    try:
        read_contract(path, shipped_contracts())
    except ContractError as error:
        # What was there before stands.
        if before is None:
            path.unlink()
        else:
            write_whole(path, before)
        raise AddingError(str(error)) from error
    return path


def _teach_whole(data: dict[str, Any], said: Mapping[str, Mapping[str, str]], date_order: str) -> None:
    """Puts answers into a whole contract of the user's: a word into its map, an order instead of the orders."""
    for place, meant in said.items():
        entity_id, _, column = place.rpartition(".")
        feeds = data["entities"][entity_id]
        for feed in feeds if isinstance(feeds, list) else [feeds]:
            spec = feed["columns"].get(column)
            if isinstance(spec, dict) and "from" in spec:
                spec["map"] = {**(spec.get("map") or {}), **meant}
    if date_order:
        one_order(data.setdefault("formats", {}), date_order, data["contract"])


def not_known(settings: Settings) -> list[str]:
    """The domains of which nothing was landed."""
    store = RawStore(settings.raw)
    there = {str(row["domain"]) for receipt in store.receipts() for row in receipt.entities if row["rows_loaded"]}
    return [domain for domain in DOMAINS if domain not in there]


def base_is_told(settings: Settings) -> bool:
    """Whether a person has said which currency totals are in: in the home's `keybook.toml`, or outside."""
    return "base_currency" in settings_and_places(home=settings.home)[1]


def tell_base(settings: Settings, currency: str) -> None:
    """Writes the currency of totals, and of documents that name none, into the home's `keybook.toml`.

    Raises:
        AddingError: it is no currency, or the file cannot be read with it.
        OSError: it cannot be written.
    """
    file = settings.home / "keybook.toml"
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise AddingError(f"{currency!r} is no currency")
    text = before
    for name in ("default_currency", "base_currency"):
        line = f'{name} = "{currency}"'
        if name == "base_currency" and re.search(rf"(?m)^{name}\s*=", text):
            text = re.sub(rf"(?m)^{name}\s*=.*$", line, text)
        elif not re.search(rf"(?m)^{name}\s*=", text):
            # Before everything else: what stands below a table's head belongs to the table.
            text = f"{line}\n{text}"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, text)
    try:
        load_settings(home=settings.home)
    except SettingsError as error:
        write_whole(file, before)
        raise AddingError(str(error)) from error


@dataclass
class Run:
    """A refresh in a process of its own, and where it tells how far it is."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def code(self) -> int | None:
        """How it ended, or None while it runs."""
        return self.process.poll()

    @property
    def has_published(self) -> bool:
        """Whether it ended with a publication, be it with files held or rows rejected."""
        return self.code in (PUBLISHED, WITH_REJECTS)

    @property
    def has_rejects(self) -> bool:
        """Whether it published with files held or rows rejected."""
        return self.code == WITH_REJECTS

    def lines(self, most: int = 12) -> list[str]:
        """What it said last."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return text.splitlines()[-most:]


def start(settings: Settings) -> Run:
    """Begins `keybook refresh` of this home; the lock of the warehouse keeps two from running at once."""
    log = settings.warehouse / "refresh.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    code = "from pipelines.commands.main import main; main()"
    environment = os.environ | {"KEYBOOK_HOME": str(settings.home), "PYTHONPATH": str(PROJECT)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "refresh"],
            cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return Run(process, log)
