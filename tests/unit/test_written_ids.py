"""What a program wrote around an id makes no other id of it, and what it wrote between rows no row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.exports.contracts.loading import load_contracts
from tests.support.landing import Landed, land

HEADER = "Record ID,Deal Name,Deal Stage,Amount,Currency,Close Date,Associated Company IDs (Primary)\n"
DEALS = [
    ("9201", "Sawn timber", "closedwon", "125000.50", "SEK", "2023-02-15", "9001"),
    ("9202", "Pallets", "closedlost", "900", "EUR", "2023-03-01", "9001"),
    ("9203", "Boards – planed", "qualifiedtobuy", "77.25", "SEK", "2024-05-31", "905"),
]
IDS = [("9201", "9001"), ("9202", "9001"), ("9203", "905")]


def _written(id_: Callable[[str], str], other: Callable[[str], str] = str) -> str:
    rows = ((id_(deal), *map(other, rest), id_(company)) for deal, *rest, company in DEALS)
    return HEADER + "".join(",".join(row) + "\n" for row in rows)


def _landed(folder: Path, text: str) -> Landed:
    return land(folder, text, load_contracts())


def _ids(landed: Landed) -> list[tuple[str, str]]:
    return landed.rows("crm.deals", "deal_id, account_id")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize(
    "text",
    [
        _written("{}.0".format),
        _written(lambda id_: _quoted(f"{int(id_):,}")),
        _written(lambda id_: _quoted(f'="{id_}"')),
        _written('="{}"'.format, lambda text: _quoted(f'="{text}"')),
        _written("'{}".format, lambda text: f"'{text}" if text[0].isdigit() else text),
        _written("\u200b{}\ufeff".format),
    ],
    ids=["of numbers", "with thousands", "formula", "formulas throughout", "apostrophe", "unseen"],
)
def test_an_id_is_what_its_vendor_gave(tmp_path: Path, text: str) -> None:
    landed = _landed(tmp_path, text)
    assert _ids(landed) == IDS
    assert landed.rows("crm.deals", "name, cast(amount as double)")[0] == ("Sawn timber", 125000.5)
    assert landed.rejects() == []
    assert [finding["code"] for finding in landed.receipt.findings] == ["written_around"]


@pytest.mark.parametrize(
    "ids",
    [
        [("10.0", "9001"), ("10.1", "9001"), ("11.0", "905")],
        # Lists of several companies, of which the first is meant.
        [("9201", "901,902"), ("9202", "903"), ("9203", "905")],
        [("'t-9201", "9001"), ("9202", "9001"), ("9203", "905")],
    ],
    ids=["revisions", "lists", "a word"],
)
def test_what_may_be_the_vendors_own_stays(tmp_path: Path, ids: list[tuple[str, str]]) -> None:
    rows = ((_quoted(deal), *row[1:-1], _quoted(company)) for row, (deal, company) in zip(DEALS, ids, strict=True))
    assert _ids(_landed(tmp_path, HEADER + "".join(",".join(row) + "\n" for row in rows))) == ids


def test_the_header_again_and_rows_of_blanks_are_no_rows(tmp_path: Path) -> None:
    text = _written(str)
    blanks = ",,,,,,\n" * 2
    landed = _landed(tmp_path, text + blanks + "\ufeff" + HEADER.upper() + "9204,A,closedwon,1,SEK,2024-01-01,9001\n")
    assert _ids(landed) == [*IDS, ("9204", "9001")]
    assert landed.rows("crm.deals", "_row")[-1] == (8,)
    assert landed.rejects() == []
    assert [row["row_count"] for row in landed.receipt.findings if row["code"] == "rows_passed_over"] == [3]


def test_a_row_with_anything_in_it_is_a_row(tmp_path: Path) -> None:
    text = HEADER.replace("Deal Name", "Deal Name,Colour") + "9201,A,red,closedwon,1,SEK,2024-01-01,9001\n,,blue,,,,,\n"
    assert [row[:2] for row in _landed(tmp_path, text).rejects()] == [(3, "Record ID")]
