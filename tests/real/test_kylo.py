"""The same contacts as CSV and as Parquet: hostile text is kept exactly, card numbers never; landing alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from tests.support.homes import SHARED
from tests.support.landing import land

FOLDER = SHARED / "kylo_contacts"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the data set is not there: {FOLDER}")
COLUMNS = "contact_id, full_name, email, job_title, birth_date, created_at"


def test_the_twins_are_the_same_contacts(tmp_path: Path) -> None:
    found = []
    for ending in ("csv", "parquet"):
        (tmp_path / ending).mkdir()
        landed = land(tmp_path / ending, FOLDER / f"userdata1.{ending}", name=f"userdata1.{ending}")
        assert not landed.receipt.held
        # In the Parquet file the comma of one country has shifted the cells behind it by one.
        broken = [] if ending == "csv" else [("birthdate", "588")]
        blank = [(column, said.split(":")[0]) for column, said in landed.blanked]
        assert (landed.receipt.entities[0]["rows_loaded"], blank) == (1000, broken)
        found.append({row[0]: row for row in landed.rows("crm.contacts", COLUMNS)})
    pairs = [(row, found[0][number]) for number, row in found[1].items()]
    assert sum(parquet[2] != text[2] for parquet, text in pairs) == 3, "e-mails differ"
    # The Parquet file writes noon as midnight; all else is the same.
    hours = {(text[5] - parquet[5]).total_seconds() / 3600 for parquet, text in pairs}
    assert hours == {0, 12}
    # What is shifted stands in its wrong place in the file, and so it stands in the row, whose birthdate is told.
    assert sum(parquet[:2] + parquet[3:5] != text[:2] + text[3:5] for parquet, text in pairs) == 1


def test_comments_are_kept_exactly_and_card_numbers_never(tmp_path: Path) -> None:
    path = FOLDER / "userdata1.csv"
    landed = land(tmp_path, path, name=path.name)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = dict(landed.rows("crm.contacts", "contact_id, _extra"))
    for row in rows:
        extra = json.loads(kept[row["id"]] or "{}")
        assert (extra.get("comments") or "") == row["comments"]
        assert not extra.get("cc")
    cards = {row["cc"] for row in rows if row["cc"]}
    assert len(cards) > 500
    for parquet in landed.store.root.rglob("*.parquet"):
        text = json.dumps(duckdb.execute(f"from read_parquet('{parquet}')").fetchall(), default=str)
        assert not [card for card in cards if card in text], parquet
