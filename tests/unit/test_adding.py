"""What the page Add data hands on: uploads are strangers', and answers become files of the home."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipelines.adding import AddingError, look, safe_name, take_in, teach
from pipelines.settings import Settings, load_settings
from pipelines.waiting_files import waiting

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "exports"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\evil.csv", "evil.csv"),
        (".hidden.csv", "hidden.csv"),
        ("~$open.xlsx", "$open.xlsx".replace("$", "_").lstrip("_")),
        ("Счета 2024.csv", "Счета 2024.csv"),
        ("a\x00b\n<script>.csv", "a_b__script_.csv"),
        ("x" * 300 + ".csv", "x" * 96 + ".csv"),
    ],
)
def test_a_name_names_nothing_but_a_file(name: str, kept: str) -> None:
    assert safe_name(name) == kept


@pytest.mark.parametrize("name", ["", "..", "/", ".", "   "])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(AddingError):
        safe_name(name)


def test_an_upload_lies_in_the_landing_folder_and_nowhere_else(settings: Settings, tmp_path: Path) -> None:
    first = take_in(settings, "../../deals.csv", io.BytesIO(b"a,b\n1,2\n"), "../Up & Away")
    assert first == settings.landing_dir / "up_away" / "deals.csv"
    assert take_in(settings, "deals.csv", io.BytesIO(b"a,b\n1,2\n"), "up away") == first
    assert take_in(settings, "deals.csv", io.BytesIO(b"a,b\n3,4\n"), "up away").name == "deals (2).csv"
    outside = tmp_path / "outside"
    outside.mkdir()
    (settings.landing_dir / "linked").symlink_to(outside)
    with pytest.raises(AddingError, match="link out of the landing folder"):
        take_in(settings, "deals.csv", io.BytesIO(b"a\n"), "linked")
    (settings.landing_dir / "out.csv").symlink_to(outside / "out.csv")
    assert take_in(settings, "out.csv", io.BytesIO(b"a\n")).name == "out (2).csv"
    assert not list(outside.iterdir())


def test_an_upload_above_the_limit_leaves_nothing(settings: Settings) -> None:
    small = settings.model_copy(update={"max_file_bytes": 10})
    with pytest.raises(AddingError, match="larger than 10 bytes"):
        take_in(small, "deals.csv", io.BytesIO(b"x" * 11))
    with pytest.raises(AddingError, match="is empty"):
        take_in(small, "deals.csv", io.BytesIO(b""))
    assert not [path for path in settings.landing_dir.rglob("*") if path.is_file()]


def test_a_word_that_is_told_is_kept_beside_the_contract(settings: Settings) -> None:
    text = (FIXTURES / "hubspot" / "deals.csv").read_text(encoding="utf-8").replace("qualifiedtobuy", "Haggling")
    path = take_in(settings, "deals.csv", io.BytesIO(text.encode()))
    assert [file.state for file in waiting(settings)] == ["new"]
    asked = look(settings, path).words
    assert asked == [("hubspot_deals", "crm.deals.status", "Haggling", 1)]
    teach(settings, "hubspot_deals", {"crm.deals.status": {"Haggling": "open"}})
    assert look(settings, path).words == []
    assert look(settings, path).rows_loaded == 3
    with pytest.raises(AddingError, match="may be"):
        teach(settings, "hubspot_deals", {"crm.deals.status": {"Haggling": "wonderful"}})
    assert look(settings, path).rows_loaded == 3


def test_an_order_of_dates_that_is_told_is_kept_beside_the_contract(settings: Settings) -> None:
    text = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountDue,Type,Status\n"
    text += "Example AB,INV-1,03/04/2024,05/04/2024,10.00,10.00,Sales Invoice,Sent\n"
    path = take_in(settings, "invoices.csv", io.BytesIO(text.encode()))
    held = look(settings, path)
    assert held.orders == ("xero_sales_invoices", ["day first", "month first"])
    teach(settings, "xero_sales_invoices", {}, "month first")
    assert look(settings, path).orders is None
    assert look(settings, path).rows_loaded > 0
