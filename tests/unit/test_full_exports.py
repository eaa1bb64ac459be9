"""Which full exports are believed, each against the state before it, with the counts worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.exports.entities import entities, seed_rows
from pipelines.exports.landing.full_exports import Judged, asked, judge
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.verification.rows import LandedFile, Raw, Run
from tests.support.landing import bare_store

PARAMETERS = {row["parameter"]: float(row["value"]) for row in seed_rows("parameter_defaults")}


class Exports:
    """A store of exports of deals or invoices, one a month: each the ids that it holds."""

    def __init__(self, root: Path, kind: str, entity_id: str, months: list[Iterable[int]]) -> None:
        """Writes each as landing would."""
        self.store: RawStore = bare_store(root)
        self.receipts: list[Receipt] = []
        entity = entities()[entity_id]
        for month, ids in enumerate(months, start=1):
            at, sha = datetime(2026, month, 1, tzinfo=UTC), f"{month:x}" * 64
            row = {
                "file": f"{month}.csv", "file_sha256": sha, "contract": "test", "system": "s", "domain": entity.domain,
                "entity": entity.name, "export": kind, "rows_read": len(list(ids)), "rows_loaded": len(list(ids)),
                "rows_rejected": 0, "known_at": at.isoformat(),
            }  # fmt: skip
            self.receipts.append(Receipt(sha, f"{month}.csv", 1, at.isoformat(), at.isoformat(), entities=[row]))
            path = self.store.stem(entity, "test", sha)
            path.parent.mkdir(parents=True, exist_ok=True)
            frame = pl.DataFrame(
                [{"_system": "s", entity.key[0]: str(key), "_known_at": at, "_file_sha256": sha} for key in ids]
            ).with_columns(pl.lit(None, pl.Boolean).alias("_deleted"))
            frame.write_parquet(f"{path}.parquet")

    def judged(self, known_at: str | None = None) -> list[tuple[int | None, int | None, bool]]:
        """Rows before, rows gone and whether it is believed, an export each."""
        return [(found.rows_before, found.rows_gone, found.is_whole) for found in self.all(known_at)]

    def all(self, known_at: str | None = None) -> list[Judged]:
        return judge(self.store, self.receipts, known_at)

    def proved(self) -> list[int]:
        """The months that the proof believes."""
        files = [
            LandedFile(
                row["file_sha256"], "test", "s", f"{row['domain']}.{row['entity']}", row["file"], row["export"],
                row["rows_read"], row["rows_loaded"], datetime.fromisoformat(row["known_at"]),
            )
            for receipt in self.receipts for row in receipt.entities
        ]  # fmt: skip
        given = {
            (found.contract, found.system, datetime.fromisoformat(found.known_at))
            for found in self.all()
            if found.is_accepted
        }
        run = Run(datetime(2026, 12, 1, tzinfo=UTC).date(), "EUR", "EUR", "UTC", "SE", 31)
        raw = Raw(self.store.root, run, PARAMETERS, files, frozenset(given))
        return [moment.month for moment in raw._believed("test", "s")]


SIX, FOUR = range(1, 7), range(1, 5)


@pytest.mark.parametrize(
    ("kind", "months", "judged"),
    [
        # A report of 4 of 6 rows, again, and then all of them with one more.
        ("full", [SIX, FOUR, FOUR, range(1, 8)], [(None, None, True), (6, 2, False), (6, 2, False), (6, 0, True)]),
        # One record may always go; one after another, too.
        ("full", [SIX, range(2, 7), range(3, 7)], [(None, None, True), (6, 1, True), (5, 1, True)]),
        # What a filtered view brings stands too, and is missed later.
        ("full", [SIX, [1, 2, 10, 11], SIX], [(None, None, True), (6, 4, False), (8, 2, False)]),
        # A tenth of many may go, a row more may not.
        ("full", [range(40), range(4, 40)], [(None, None, True), (40, 4, True)]),
        ("full", [range(40), range(5, 40)], [(None, None, True), (40, 5, False)]),
        # What is open turns over; its number says whether a list is whole, against the last one that was.
        ("open_items", [SIX, range(4, 10)], [(None, None, True), (6, 3, True)]),
        ("open_items", [SIX, [1], [1]], [(None, None, True), (6, 5, False), (6, 5, False)]),
        ("open_items", [SIX, [1], range(4, 8)], [(None, None, True), (6, 5, False), (6, 3, True)]),
    ],
)  # fmt: skip
def test_what_an_export_takes_away_is_held_against_the_last_whole_state(
    tmp_path: Path, kind: str, months: list[Iterable[int]], judged: list[tuple[int | None, int | None, bool]]
) -> None:
    exports = Exports(tmp_path, kind, "crm.deals" if kind == "full" else "billing.invoices", months)
    assert exports.judged() == judged
    # The proof counts keys in another way.
    assert exports.proved() == [month for month, (_, _, is_whole) in enumerate(judged, start=1) if is_whole]


def test_a_persons_word_is_believed_from_when_it_was_given(tmp_path: Path) -> None:
    exports = Exports(tmp_path, "full", "crm.deals", [SIX, FOUR, FOUR])
    assert [finding["file"] for finding in asked(exports.all())] == ["2.csv", "3.csv"]
    exports.store.accept("2" * 64, "2.csv", datetime(2026, 2, 10, tzinfo=UTC).isoformat())
    assert exports.judged() == [(None, None, True), (6, 2, True), (4, 0, True)]
    assert exports.proved() == [1, 2, 3]
    assert asked(exports.all()) == []
    assert exports.judged("2026-02-05T00:00:00+00:00") == [(None, None, True), (6, 2, False)]


def test_an_export_is_asked_about_until_a_whole_one_came(tmp_path: Path) -> None:
    exports = Exports(tmp_path, "full", "crm.deals", [SIX, FOUR])
    (finding,) = asked(exports.all())
    facts = {name: finding[name] for name in ("code", "severity", "name", "row_count", "other_count")}
    assert facts == {
        "code": "export_takes_away", "severity": "held", "name": "crm.deals", "row_count": 2, "other_count": 6
    }  # fmt: skip
    later = Exports(tmp_path / "later", "full", "crm.deals", [SIX, FOUR, SIX])
    assert asked(later.all()) == []


def test_a_parameter_of_ones_own_counts(tmp_path: Path) -> None:
    exports = Exports(tmp_path, "full", "crm.deals", [SIX, FOUR])
    path = exports.store.root / "lists" / "parameters" / f"keybook_lists_parameters-{'f' * 64}.parquet"
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        row = json.dumps({"parameter": "full_export_most_gone", "value": 0.5})
        connection.execute(
            f'copy (select unnest(from_json(\'{row}\', \'{{"parameter": "VARCHAR", "value": "DECIMAL(18,8)"}}\'))) '
            f"to '{path}' (format parquet)"
        )
    own = Receipt("f" * 64, "lists/parameters.csv", 1, "", "2026-01-01T00:00:00+00:00", list_name="parameters")
    own.entities.append({"contract": "keybook_lists_parameters", "export": "partial", "entity": "parameters"})
    exports.receipts.append(own)
    assert exports.judged() == [(None, None, True), (6, 2, True)]
