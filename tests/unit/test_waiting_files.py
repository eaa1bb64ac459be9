"""What waits for a person's word after a landing: a filtered export, rejected rows, a corrected file."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from pipelines.adding import AddingError, look, take_in, teach
from pipelines.settings import Settings, load_settings
from pipelines.waiting_files import accept, correct, correct_line, rejected_lines, waiting, would_be_gone
from pipelines.warehouse.refresh import Refresh

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "exports"
HEADER = (
    "Territory Region,Opportunity Owner,Account Name,Opportunity Name,Stage,Forecast Category,Total Amount Currency,"
    "Total Amount,Fiscal Period,Close Date,Type\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


def dropped(settings: Settings, name: str, text: str, at: int) -> Path:
    """A file dropped on the page at a moment, and landed."""
    path = take_in(settings, name, io.BytesIO(text.encode()))
    os.utime(path, (at, at))
    Refresh(settings).land()
    return path


def deals(*numbers: int) -> str:
    """A full export of these deals."""
    return HEADER + "".join(
        f"North,Ada Example,Nordic Timber AB,Deal {n},Negotiation,Best Case,USD,{n}0.50,Q2-2024,5/2{n}/2024,Existing\n"
        for n in numbers
    )


def test_a_filtered_export_says_what_it_would_take_away_and_takes_it_by_a_word(settings: Settings) -> None:
    dropped(settings, "deals.csv", deals(1, 2, 3, 4, 5, 6), 1_717_200_000)
    assert waiting(settings) == []
    path = dropped(settings, "deals-2.csv", deals(1, 2, 3), 1_717_300_000)
    (file,) = waiting(settings)
    assert (file.state, file.gone, file.before, file.entity) == ("filtered", 3, 6, "crm.deals")
    assert [row["name"] for row in would_be_gone(settings, file)] == ["Deal 4", "Deal 5", "Deal 6"]
    accept(settings, path)
    assert [(file.state, file.gone) for file in waiting(settings)] in ([], [("changed", 0)])
    assert all(export.is_whole for export in Refresh(settings).full_exports())


def test_a_key_that_is_read_as_the_default_currency_is_asked_for_until_somebody_says_it(settings: Settings) -> None:
    place, key = "billing.payments.currency", "99999999-0000-0000-0000-000000000001"
    export = json.loads((FIXTURES / "onec" / "odata_receipts.json").read_text(encoding="utf-8"))
    export["value"] = [export["value"][0] | {"ВалютаДокумента_Key": key}]
    path = take_in(settings, "receipts.json", io.BytesIO(json.dumps(export).encode()))
    assert look(settings, path).assumed == [("onec_odata_payments", place, key, 1)]
    Refresh(settings).land()
    assert [file.state for file in waiting(settings)] == ["assumed"]
    teach(settings, "onec_odata_payments", {place: {key: "RUB"}})
    assert look(settings, path).assumed == []
    assert look(settings, path).currencies == {"RUB": 1}
    Refresh(settings).land()
    assert waiting(settings) == []


def test_a_corrected_file_counts_instead_of_the_one_with_rejected_rows(settings: Settings) -> None:
    whole = (FIXTURES / "hubspot" / "deals.csv").read_text(encoding="utf-8")
    path = dropped(settings, "deals.csv", whole.replace("qualifiedtobuy", "Haggling"), 1_717_200_000)
    (file,) = waiting(settings)
    assert (file.state, file.rows_rejected) == ("rejected", 1)
    (row,) = look(settings, path).rejected
    assert (row.line, row.column, row.value) == (4, "Deal Stage", "Haggling")
    assert row.remedy == "Say above what the word means: its rows are then loaded."
    with pytest.raises(AddingError, match="the same file as before"):
        correct(settings, file, "deals.csv", io.BytesIO(path.read_bytes()))
    taken = correct(settings, file, "deals.csv", io.BytesIO(whole.encode()))
    assert taken.name == "deals (2).csv"
    assert [(file.name, file.state) for file in waiting(settings)] == [("deals (2).csv", "new")]
    assert path.exists()
    Refresh(settings).land()
    assert waiting(settings) == []
    assert [receipt.file for receipt in Refresh(settings).store.receipts()] == ["deals (2).csv"]


def test_a_line_of_a_list_is_corrected_where_it_stands(settings: Settings) -> None:
    path = settings.lists_dir / "key_account_ratings.csv"
    text = "account_id,criterion,is_met,rated_on\r\ncrm:1,growth,yes,2024-04-01\r\ncrm:2,growth,maybe,2024-05-01\r\n"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    Refresh(settings).land()
    (line,) = rejected_lines(settings)
    assert line.rejected.line == 3
    with pytest.raises(AddingError, match="one line"):
        correct_line(line, "a\nb")
    correct_line(line, line.text.replace("maybe", "yes"))
    assert path.read_bytes() == text.replace("maybe", "yes").encode()
    assert rejected_lines(settings) == []
    with pytest.raises(AddingError, match="changed meanwhile"):
        correct_line(line, "x")
    Refresh(settings).land()
    assert rejected_lines(settings) == []
