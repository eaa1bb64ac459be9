"""Packs to deliver: what makes one, and where it is kept, so that what was previewed, sent and sent again is one thing.

A maker says of which periods a report is and whose figures it can be restricted to, in its queries: nobody gets a pack
of a scope that its maker does not know. Whoever adds a pack adds a maker to `MAKERS`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from pipelines.delivery.periods import Period, Unit
from pipelines.files import clear_unfinished, read_object, replacing, write_whole
from pipelines.settings import Settings
from pipelines.words import languages

if TYPE_CHECKING:
    import duckdb

    from pipelines.reports.packs.sections import Pack as Figures

RECEIPT = "pack.json"
# What a pack tells of the report before it is no figure of its own period.
BESIDE = ("restated",)
ScopeKind = Literal["all", "team", "own book", "account"]


class PackFailed(Exception):
    """A pack cannot be made; the message says what of it."""


@dataclass(frozen=True)
class Scope:
    """Whose figures a recipient may see: all, or those of a team, of an employee's own book or of one account."""

    kind: ScopeKind
    of: str = ""
    # Accounts that were in the book and are somebody else's by now.
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In words."""
        said = f"{self.kind} {self.of}".strip()
        return f"{said} without {', '.join(self.without)}" if self.without else said


class Maker(Protocol):
    """Makes the pack of one report."""

    @property
    def unit(self) -> Unit:
        """Of which periods it is."""

    @property
    def scopes(self) -> frozenset[ScopeKind]:
        """To whose figures its queries can restrict it."""

    @property
    def keeps(self) -> tuple[str, ...]:
        """The tables that are kept when it is first handed out, so that nothing restates it; none elsewhere."""

    @property
    def tells_pay(self) -> bool:
        """Whether it tells what people are paid: who may not see that opens no such pack on the page Reports."""

    @property
    def is_for_clients(self) -> bool:
        """Whether it leaves the company: nothing of what is late or odd inside is written on it."""

    def make(
        self, publication: Path, period: Period, scope: Scope, language: str, notes: Sequence[str], settings: Settings
    ) -> dict[str, bytes]:
        """File name -> bytes, of a published file as of the period's last day; `notes` stand where a reader begins.

        One file is the mail (`.eml`, without sender and recipients), one (`.json`) has the `figures`.

        Raises:
            PackFailed: a part is blank or missing, or the publication is another version's.
        """


class Asked(NamedTuple):
    """What a report is read from: a published file, for what a scope lets see."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    scope: Scope
    publication: Path
    period: Period


@dataclass(frozen=True)
class Report:
    """A report whose figures `read` takes out of a publication, for what a scope lets see."""

    unit: Unit
    scopes: frozenset[ScopeKind]
    read: Callable[[Asked], Figures]
    is_for_clients: bool = False
    keeps: tuple[str, ...] = ()
    tells_pay: bool = False

    def make(
        self, publication: Path, period: Period, scope: Scope, language: str, notes: Sequence[str], settings: Settings
    ) -> dict[str, bytes]:
        """The pack of the period up to the publication's as-of day; accounts that are left out are counted."""
        import duckdb

        from pipelines.bounds import connect
        from pipelines.reports.packs.checking import PackError
        from pipelines.reports.packs.making import make

        left = [languages()[language].text("pack.moved", count=len(scope.without))] if scope.without else []
        try:
            with connect(str(publication), read_only=True) as connection:
                figures = self.read(Asked(connection, settings, scope, publication, period))
                return make(figures, language, publication.parent.name, [*notes, *left])
        except (PackError, duckdb.CatalogException) as error:
            raise PackFailed(str(error)) from error


def changed_since(
    report: str, publication: Path, before: str, settings: Settings, accounts: Sequence[str] | None = None
) -> dict[str, Any]:
    """What has changed since a report of an earlier period was sent; of some accounts alone, if they are given."""
    from pipelines.delivery.restated import restated

    unit, version = MAKERS[report].unit, publication.parent.name
    return asdict(restated(settings, report, unit, before=before, publication=version, accounts=accounts))


def titles(settings: Settings) -> dict[str, str]:
    """Contract -> what its export is called."""
    from pipelines.exports.contracts.loading import load_contracts

    return {name: contract.title for name, contract in load_contracts(settings.contracts_dir).items()}


def _weekly(asked: Asked) -> Figures:
    from pipelines.reports.weekly.reading import read

    changed = changed_since("weekly", asked.publication, asked.period.key, asked.settings)
    return read(asked.connection, asked.settings.company_name, titles(asked.settings), changed)


def _monthly(asked: Asked) -> Figures:
    from pipelines.reports.monthly.reading import read

    def changed(book: Sequence[str]) -> dict[str, Any]:
        return changed_since("monthly", asked.publication, asked.period.key, asked.settings, book)

    return read(asked.connection, asked.settings.company_name, asked.scope.of, asked.scope.without, changed)


def _quarterly(asked: Asked) -> Figures:
    from pipelines.reports.quarterly.reading import read

    return read(asked.connection, asked.settings.company_name)


def _client(asked: Asked) -> Figures:
    from pipelines.reports.client.reading import read

    return read(asked.connection, asked.settings.company_name, asked.scope.of)


def _appraisal(asked: Asked) -> Figures:
    from pipelines.reports.appraisal.reading import read

    return read(asked.connection, asked.settings.company_name, asked.scope.of)


def _commission(asked: Asked) -> Figures:
    from pipelines.reports.commission.reading import read

    return read(asked.connection, asked.settings.company_name, asked.scope.of)


# The weekly and the quarterly report are of the whole company, the monthly one of an account manager's own book, the
# client's of one account, an appraisal and a statement of commission of everybody or of one person's own work.
MAKERS: dict[str, Maker] = {
    "weekly": Report("week", frozenset({"all"}), _weekly),
    "monthly": Report("month", frozenset({"own book"}), _monthly, tells_pay=True),
    "commission": Report("month", frozenset({"all", "own book"}), _commission, tells_pay=True),
    "quarterly": Report("quarter", frozenset({"all"}), _quarterly),
    "client": Report("month", frozenset({"account"}), _client, is_for_clients=True),
    "appraisal": Report(
        "half-year",
        frozenset({"all", "own book"}),
        _appraisal,
        keeps=("rpt_run", "rpt_feed_ends", "rpt_team_scorecard"),
    ),
}


@dataclass(frozen=True)
class Pack:
    """A pack that was made: where its files lie, of which publication it is, and a hash of its figures.

    The figures alone say whether a pack is another: not when it was made, nor from which of two equal publications.
    """

    folder: Path
    publication: str
    content: str
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the ledger calls it."""
        return self.folder.name

    def read(self, suffix: str) -> bytes:
        """The file that ends so."""
        return (self.folder / next(name for name in self.files if name.endswith(suffix))).read_bytes()

    def has(self, suffix: str) -> bool:
        """Whether a file ends so."""
        return any(name.endswith(suffix) for name in self.files)

    @property
    def figures(self) -> list[dict[str, Any]]:
        """Every figure with the cells that it is made of."""
        found: list[dict[str, Any]] = json.loads(self.read(".json"))["figures"]
        return found


def pack_name(publication: str, scope: Scope, language: str, notes: Iterable[str]) -> str:
    """A name for what is made of these: the same for all who get the same."""
    return _digest(json.dumps([publication, str(scope), language, list(notes)]).encode())[:16]


def kept(folder: Path) -> Pack | None:
    """The pack that was kept in a folder; None where it is not there as a whole."""
    receipt = read_object(folder / RECEIPT) or {}
    files = receipt.get("files")
    if not isinstance(files, dict) or not {"publication", "content"} <= receipt.keys():
        return None
    for name, digest in files.items():
        try:
            if _digest((folder / name).read_bytes()) != digest:
                return None
        except OSError:
            return None
    return Pack(folder, receipt["publication"], receipt["content"], tuple(files))


def keep(folder: Path, publication: str, files: Mapping[str, bytes]) -> Pack:
    """Writes a pack's files, the receipt last: without it there is none."""
    told = next(json.loads(made)["figures"] for name, made in files.items() if name.endswith(".json"))
    figures = [figure for figure in told if figure["table"] not in BESIDE]
    content = _digest(json.dumps(figures, sort_keys=True).encode())
    folder.mkdir(parents=True, exist_ok=True)
    clear_unfinished(folder)
    for name, made in files.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(made)
    receipt = {"publication": publication, "content": content, "files": {n: _digest(m) for n, m in files.items()}}
    write_whole(folder / RECEIPT, json.dumps(receipt, indent=1) + "\n")
    return Pack(folder, publication, content, tuple(files))


def forget_others(folder: Path, wanted: set[str]) -> None:
    """Deletes the packs of a period that nobody got and nobody is to get: previews of earlier publications."""
    for pack in folder.glob("*"):
        if pack.is_dir() and pack.name not in wanted:
            shutil.rmtree(pack)


def changed(before: Pack, now: Pack) -> list[dict[str, Any]]:
    """The figures that differ: what each is, what it was and what it is now, in the order of the pack."""
    earlier, later = (
        {_cells(figure): figure for figure in pack.figures if figure["table"] not in BESIDE} for pack in (before, now)
    )
    found = []
    for cells in dict.fromkeys([*later, *earlier]):
        was, is_ = (figures.get(cells, {}).get("value") for figures in (earlier, later))
        if was != is_:
            figure = later.get(cells) or earlier[cells]
            key = ", ".join(str(part) for part in figure["key"].values() if isinstance(part, str))
            found.append({"name": figure["column"], "key": key or None, "was": was, "now": is_})
    return found


def _cells(figure: Mapping[str, Any]) -> str:
    return json.dumps({name: part for name, part in figure.items() if name != "value"}, sort_keys=True)


def _digest(made: bytes) -> str:
    return hashlib.sha256(made).hexdigest()
